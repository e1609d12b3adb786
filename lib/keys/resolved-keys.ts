import { createHash, KeyObject } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../clock/clock.js';
import type { Hooks } from '../hooks/hooks.js';
import type { KeyInput, KeyResolver, ResolvedKey, RingKey, UnverifiedToken } from '../options/key-options.js';
import type { KeyMaterial } from './jwto-key.js';
import { keyRealmOf } from './key-realm.js';
import { readMaterial, readTimes } from './read-key.js';

/** A key for one user or tenant. */
export interface TokenKey extends KeyMaterial {
  readonly kid: string | undefined;
  /** Whether it is in its time. */
  readonly isTimely: boolean;
  /** Whether claims say what those of this key must say. */
  readonly speaksFor: (claims: Readonly<Record<string, unknown>>) => boolean;
}

/** As many parsed keys of text are kept; beyond it they are parsed again. */
const MAX_TEXTS = 1000;

/** The keys of `resolveKey`: asks for them, checks them, and parses each KeyObject and text once. */
export class ResolvedKeys {
  /** KeyObjects only: bytes and a JWK may be changed in place. */
  private readonly byObject = new WeakMap<KeyObject, KeyMaterial>();
  /** By SHA-256: the text of a key is not kept. */
  private readonly byText = new Map<string, KeyMaterial>();

  constructor(
    private readonly resolve: KeyResolver,
    private readonly enforceMinimumKeyLength: boolean,
    private readonly clock: Clock,
    private readonly hooks: Hooks,
  ) {}

  /**
   * The key for what a token says of itself.
   *
   * @returns `undefined` where the ring's own keys are to judge
   * @throws JwtoError `store_unavailable` if the application's function fails, hangs or gives a bad key
   */
  find(token: UnverifiedToken): Promise<TokenKey | undefined> {
    return this.hooks.ask('resolveKey', async () => {
      const given = await this.resolve(token);
      return given === undefined ? undefined : this.read(given);
    });
  }

  private read({ key, claims }: ResolvedKey): TokenKey {
    if (!isRecord(claims) || !saysSomething(claims)) {
      throw new TypeError('resolveKey must say in claims what the tokens of its key say: at least one claim');
    }
    const times = readTimes(key, fail);
    const now = this.clock.now();
    return {
      ...this.material(key),
      kid: key.kid,
      realm: keyRealmOf(claims),
      isTimely: times !== undefined && times.notBefore <= now && now < times.expiresAt,
      speaksFor: (payload) => says(payload, claims),
    };
  }

  /** Parsed once for each KeyObject, JWK or text. */
  private material(key: RingKey): KeyMaterial {
    const input = key.signingKey ?? key.verifyingKey;
    const known = this.known(input, key);
    if (known !== undefined) return known;
    const material = readMaterial(key, this.enforceMinimumKeyLength, fail);
    if (material === undefined || input === undefined) throw new TypeError('resolveKey must give a key');
    if (input instanceof KeyObject) this.byObject.set(input, material);
    else if (typeof input === 'string') {
      if (this.byText.size >= MAX_TEXTS) this.byText.clear();
      this.byText.set(digest(input), material);
    }
    return material;
  }

  private known(input: KeyInput | undefined, key: RingKey): KeyMaterial | undefined {
    if (input === undefined || (key.signingKey !== undefined && key.verifyingKey !== undefined)) return undefined;
    const known =
      input instanceof KeyObject
        ? this.byObject.get(input)
        : typeof input === 'string'
          ? this.byText.get(digest(input))
          : undefined;
    const isSame =
      known?.algorithm === key.algorithm && (known.signing === undefined) === (key.signingKey === undefined);
    return isSame ? known : undefined;
  }
}

function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}

function fail(member: string, accepts: string): never {
  throw new TypeError(`resolveKey gave a bad ${member}: ${accepts}`);
}

/** Whether there is a value in it at any depth: what says nothing would bind the key to nobody. */
function saysSomething(expected: unknown): boolean {
  return isRecord(expected) ? Object.values(expected).some(saysSomething) : expected !== undefined;
}

/** Whether a value is what is expected; of an object the members that are named. */
function says(value: unknown, expected: unknown): boolean {
  if (!isRecord(expected)) return isDeepStrictEqual(value, expected);
  return (
    isRecord(value) &&
    Object.entries(expected).every(([name, member]) => Object.hasOwn(value, name) && says(value[name], member))
  );
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
