import { JwtoConfigurationError, type SettingProblem } from './errors/configuration-error.js';
import { readMaterial } from './keys/read-key.js';
import type { KeyMaterial } from './keys/jwto-key.js';
import type { RingKey } from './options/key-options.js';
import { ALGORITHM_NAMES } from './options/algorithm-names.js';
import { openJws, parseHeader, splitAny } from './tokens/strict-jws.js';

export { JwtoConfigurationError } from './errors/configuration-error.js';
export { JwtoError } from './errors/jwto-error.js';
export type { Algorithm } from './options/algorithm-names.js';
export type { KeyInput } from './options/key-options.js';

/** A key to verify with: `verifyingKey`, or the `signingKey` that it is part of, and the one algorithm it is for. */
export type JwsKey = Pick<RingKey, 'algorithm' | 'signingKey' | 'verifyingKey'>;

/** What a JWS holds, once its signature stands. */
export interface VerifiedJws {
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Uint8Array;
}

const MATERIALS = new WeakMap<JwsKey, KeyMaterial>();

/**
 * Verifies a compact JWS (RFC 7515 §5.2) as strictly as the guards do, and knows nothing of claims: for tests and
 * tools. Three canonical base64url segments of 8192 bytes at most together, a header that is a JSON object in valid
 * UTF-8 without `crit` and `b64`, the key's own algorithm, and its signature. The payload is any bytes, also none; the
 * guards want claims.
 *
 * @param key - parsed once for each object
 * @returns header, and payload in bytes
 * @throws JwtoError `token_malformed`, `token_invalid`
 * @throws JwtoConfigurationError for a key that does not fit its algorithm
 *
 * @example
 * ```ts
 * import { verifyJws } from 'jwto/jws';
 * const { payload } = verifyJws(token, { algorithm: 'ES256', verifyingKey: publicKeyPem });
 * ```
 */
export function verifyJws(token: string, key: JwsKey): VerifiedJws {
  const jws = splitAny(token);
  const header = parseHeader(jws.header);
  return { header, payload: openJws(jws, header, materialOf(key)) };
}

function materialOf(key: JwsKey): KeyMaterial {
  const known = MATERIALS.get(key);
  if (known !== undefined) return known;
  const problems: SettingProblem[] = [];
  if (!ALGORITHM_NAMES.includes(key.algorithm)) {
    throw new JwtoConfigurationError([
      { setting: 'algorithm', got: JSON.stringify(key.algorithm), accepts: ALGORITHM_NAMES.join(', ') },
    ]);
  }
  const material = readMaterial(key, true, (setting, accepts) => {
    problems.push({ setting, got: 'a value', accepts });
  });
  if (material === undefined) throw new JwtoConfigurationError(problems);
  MATERIALS.set(key, material);
  return material;
}
