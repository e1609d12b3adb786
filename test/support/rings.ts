import { createHmac, createSecretKey, sign, type KeyObject } from 'node:crypto';
import type { Algorithm, JwtoModuleOptions, KeySource, RingKey } from 'jwto';
import { segment } from './forge.js';
import { makeKeys, makeRsa, type KeyPair } from './keys.js';
import { SIGNING_KEY } from './test-app.js';

/** A key of a ring whose parts are KeyObjects, so that a test can forge with it. */
export interface TestKey extends RingKey {
  signingKey: KeyObject;
}

/** A new key for a ring. */
export function ringKey(kid: string | undefined, algorithm: Algorithm = 'HS256', more: Partial<RingKey> = {}): TestKey {
  const { signing } = /^[RP]S/.test(algorithm) ? rsaOf(algorithm) : makeKeys(algorithm);
  return { ...(kid !== undefined && { kid }), algorithm, ...more, signingKey: signing };
}

const rsaKeys = new Map<Algorithm, KeyPair>();

/** In a ring, each key has one algorithm; more than one RSA key for each would be slow to make. */
function rsaOf(algorithm: Algorithm): KeyPair {
  const keys = rsaKeys.get(algorithm) ?? makeRsa(2048);
  rsaKeys.set(algorithm, keys);
  return keys;
}

/** The key of an application that has `signingKey: SIGNING_KEY`, in a ring, for tokens without `kid`. */
export function formerKey(): TestKey {
  return { kid: 'former', algorithm: 'HS256', signingKey: createSecretKey(SIGNING_KEY, 'utf8'), withoutKid: true };
}

/** The settings of an application with a ring instead of one key. */
export function ring(...keys: RingKey[]): Partial<JwtoModuleOptions> {
  return { signingKey: undefined, keys };
}

/** Where an application's keys come from; tests change what is in it. */
export class Vault {
  /** How often it was asked. */
  reads = 0;
  /** Awaited at the next read only. */
  delay: Promise<unknown> | undefined;
  /** Thrown while it is set. */
  failure: Error | undefined;

  constructor(public keys: unknown) {}

  /** The settings of an application that reads it, and again only when it is told. */
  get options(): Partial<JwtoModuleOptions> {
    return { signingKey: undefined, keys: this.read as KeySource, keyPollInterval: '1d' };
  }

  private readonly read = async (): Promise<unknown> => {
    this.reads++;
    const { keys, delay } = this;
    this.delay = undefined;
    await delay;
    if (this.failure !== undefined) throw this.failure;
    return keys;
  };
}

/**
 * Signs anything with any key, whatever the header says.
 *
 * @param algorithm - what is really done
 */
export function signAs(payload: unknown, header: object, key: KeyObject, algorithm: Algorithm = 'HS256'): string {
  const input = `${segment(header)}.${segment(payload)}`;
  return `${input}.${signatureOf(input, key, algorithm).toString('base64url')}`;
}

function signatureOf(input: string, key: KeyObject, algorithm: Algorithm): Buffer {
  const hash = `sha${algorithm.slice(-3)}`;
  const bytes = Buffer.from(input);
  if (algorithm.startsWith('HS')) return createHmac(hash, key).update(bytes).digest();
  if (algorithm.startsWith('RS')) return sign(hash, bytes, key);
  if (algorithm.startsWith('ES')) return sign(hash, bytes, { key, dsaEncoding: 'ieee-p1363' });
  if (algorithm.startsWith('Ed')) return sign(null, bytes, key);
  throw new Error(`the tests do not sign with ${algorithm}`);
}
