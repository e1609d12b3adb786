import type { KeyObject } from 'node:crypto';
import type { Clock } from '../clock/clock.js';
import type { JwtoKey, KeyMaterial } from './jwto-key.js';

/**
 * How much earlier than its `notBefore` a key verifies, in milliseconds: the process that signs with it from then on
 * may have a clock that is ahead of this one's.
 */
const NOT_BEFORE_AHEAD = 60_000;

/**
 * The keys of one module instance: which one signs, and which one a token's header calls for. A key that stays through
 * a change of the ring stays the same object; code that keeps something that a key verified keeps that object with it, and
 * asks {@link KeyRing.isUsable} before it is believed again.
 */
export class KeyRing {
  private keys: readonly JwtoKey[] = [];
  private byKid: ReadonlyMap<string, JwtoKey> = new Map();
  private present: ReadonlySet<KeyMaterial> = new Set();
  private unnamed: JwtoKey | undefined;
  private changes = 0;

  constructor(
    keys: readonly JwtoKey[],
    private readonly clock: Clock,
  ) {
    this.replace(keys);
  }

  /** All of them, in the order in which they were given. */
  get all(): readonly JwtoKey[] {
    return this.keys;
  }

  /** Another number after each change: code that waited since a verification verifies again if it differs. */
  get epoch(): number {
    return this.changes;
  }

  /** Whether any of them is good for a time only. */
  get haveTimes(): boolean {
    return this.keys.some(isTimed);
  }

  /** The key that signs now: the first that can and may. `undefined` where this process issues nothing. */
  get active(): JwtoKey | undefined {
    const now = this.clock.now();
    return this.keys.find((key) => key.signing !== undefined && key.notBefore <= now && now < key.expiresAt);
  }

  /** Whether all keys have expired: nothing is signed and nothing verified. */
  get isSpent(): boolean {
    const now = this.clock.now();
    return this.keys.every(({ expiresAt }) => expiresAt <= now);
  }

  /** The key for a token, found by its header and never taken from it (RFC 8725 §3.10). */
  select(header: Readonly<Record<string, unknown>>): JwtoKey | undefined {
    const { kid } = header;
    const key = Object.hasOwn(header, 'kid') ? this.byKid.get(kid as string) : this.unnamed;
    return key !== undefined && this.isUsable(key) ? key : undefined;
  }

  /** Whether a key is still in the ring, and in its time. */
  isUsable(key: KeyMaterial): boolean {
    if (!this.has(key)) return false;
    // Most keys have no limits, and need no clock.
    if (!isTimed(key)) return true;
    const now = this.clock.now();
    return key.notBefore - NOT_BEFORE_AHEAD <= now && now < key.expiresAt;
  }

  private has(key: KeyMaterial): key is JwtoKey {
    return this.present.has(key);
  }

  /**
   * Puts other keys into the ring's place, at once: what a key verified that is no longer there counts no more.
   *
   * @returns whether anything changed
   */
  replace(keys: readonly JwtoKey[]): boolean {
    const next = keys.map((key) => this.known(key));
    const changed = next.length !== this.keys.length || next.some((key, index) => key !== this.keys[index]);
    if (changed) this.changes += 1;
    this.keys = next;
    this.byKid = new Map(next.map((key) => [key.kid, key]));
    this.present = new Set(next);
    this.unnamed = next.find(({ withoutKid }) => withoutKid);
    return changed;
  }

  /** The secrets that CSRF tokens are checked with; the first signs new ones. */
  csrfSecrets(): readonly KeyObject[] {
    const active = this.active;
    const others = this.keys.filter((key) => key !== active);
    return [active, ...others].flatMap((key) => key?.csrfSecret ?? []);
  }

  /** The object that stands for the same key already; a key of which only the public part is left keeps its CSRF secret. */
  private known(key: JwtoKey): JwtoKey {
    const before = this.byKid.get(key.kid);
    if (before?.algorithm !== key.algorithm || !before.verifying.equals(key.verifying)) return key;
    const isSame =
      (before.signing === undefined) === (key.signing === undefined) &&
      before.withoutKid === key.withoutKid &&
      before.notBefore === key.notBefore &&
      before.expiresAt === key.expiresAt;
    return isSame ? before : { ...key, csrfSecret: key.csrfSecret ?? before.csrfSecret };
  }
}

function isTimed({ notBefore, expiresAt }: JwtoKey): boolean {
  return notBefore !== Number.NEGATIVE_INFINITY || expiresAt !== Number.POSITIVE_INFINITY;
}
