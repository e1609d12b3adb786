import { setImmediate } from 'node:timers/promises';
import type { JsonWebKey } from 'node:crypto';
import { isNameOf, specOf } from '../keys/algorithms.js';
import type { KeyMaterial } from '../keys/jwto-key.js';
import { BadKey, parseKey } from '../keys/parse-key.js';
import type { Algorithm } from '../options/algorithm-names.js';

/** A key of a JWK Set, with the name that the set gives it. */
export interface PublishedKey extends KeyMaterial {
  readonly kid: string | undefined;
}

/** The kinds of keys (RFC 7518 §6.1, RFC 8037 §2). */
const KINDS = { hmac: 'oct', rsa: 'RSA', ec: 'EC', ed25519: 'OKP' } as const;

/**
 * Parses the members of a JWK Set that are meant for some algorithms, with the event loop free between two.
 *
 * @param algorithms - one for each kind of key
 * @param before - the keys of the last set: those that are still there stay the same objects
 * @param warn - called for each key that is meant for one of them and cannot be used
 * @throws Error if two keys have one name and one algorithm, so that it is unclear which one a token names
 */
export async function readPublishedKeys(
  jwks: readonly JsonWebKey[],
  algorithms: readonly Algorithm[],
  before: readonly PublishedKey[],
  warn: (what: string) => void,
): Promise<readonly PublishedKey[]> {
  const keys: PublishedKey[] = [];
  for (const jwk of jwks) {
    const algorithm = algorithms.find((name) => isMeantFor(jwk, name));
    if (algorithm === undefined) continue;
    await setImmediate();
    const key = readKey(jwk, algorithm, warn);
    if (key === undefined) continue;
    if (keys.some(({ kid, algorithm: other }) => kid === key.kid && other === key.algorithm)) {
      throw new Error(`its JWK Set has two keys ${JSON.stringify(key.kid)} for ${key.algorithm}`);
    }
    keys.push(before.find((old) => isSame(old, key)) ?? key);
  }
  return keys;
}

/** Whether a key says that it is for this algorithm, or at least nothing else (RFC 7517 §4.1 to §4.4). */
function isMeantFor(jwk: JsonWebKey, algorithm: Algorithm): boolean {
  const { kty, alg, use, key_ops: operations } = jwk as Record<string, unknown>;
  const { family } = specOf(algorithm);
  const isNamed = alg === undefined || isNameOf(alg, algorithm);
  const mayVerify = operations === undefined || (Array.isArray(operations) && operations.includes('verify'));
  return (
    kty === KINDS[family] && isNamed && isOfCurve(jwk, algorithm) && (use === undefined || use === 'sig') && mayVerify
  );
}

function isOfCurve({ crv }: JsonWebKey, algorithm: Algorithm): boolean {
  const { family } = specOf(algorithm);
  if (family === 'ed25519') return crv === 'Ed25519';
  return family !== 'ec' || crv === { ES256: 'P-256', ES384: 'P-384', ES512: 'P-521' }[algorithm as 'ES256'];
}

function readKey(jwk: JsonWebKey, algorithm: Algorithm, warn: (what: string) => void): PublishedKey | undefined {
  const kid: unknown = jwk['kid'];
  try {
    if (kid !== undefined && typeof kid !== 'string') throw new BadKey('its "kid" is no text');
    const verifying = parseKey(jwk, { algorithm, use: 'verify', enforceMinimumKeyLength: true });
    return { kid, algorithm, verifying };
  } catch (error) {
    if (!(error instanceof BadKey)) throw error;
    warn(error.message);
    return undefined;
  }
}

function isSame(one: PublishedKey, other: PublishedKey): boolean {
  return one.kid === other.kid && one.algorithm === other.algorithm && one.verifying.equals(other.verifying);
}
