import { createPublicKey, createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { RingKey } from '../options/key-options.js';
import type { JwtoKey, KeyMaterial } from './jwto-key.js';
import { BadKey, parseKey } from './parse-key.js';
import { isSignatureOf, signText } from './signature.js';
import { thumbprint } from './thumbprint.js';

/** Says what is wrong with one member of a key, without its value. */
export type RefuseKey = (member: 'signingKey' | 'verifyingKey' | 'notBefore' | 'expiresAt', accepts: string) => void;

/** Milliseconds from which on a number is not taken for seconds: 1973. */
const LEAST_MILLISECONDS = 100_000_000_000;

/**
 * Parses and checks one key: it exists, fits its algorithm, is long enough, its pair signs and verifies, and its times
 * are in order.
 *
 * @param refuse - called for each member that is wrong
 * @returns `undefined` if one is
 */
export function readKey(entry: RingKey, enforceMinimumKeyLength: boolean, refuse: RefuseKey): JwtoKey | undefined {
  const material = readMaterial(entry, enforceMinimumKeyLength, refuse);
  const times = readTimes(entry, refuse);
  if (material === undefined || times === undefined) return undefined;
  const { signing, verifying } = material;
  return {
    ...material,
    ...times,
    kid: entry.kid ?? thumbprint(verifying),
    named: true,
    withoutKid: entry.withoutKid ?? false,
    csrfSecret: deriveCsrfSecret(signing ?? (verifying.type === 'secret' ? verifying : undefined)),
  };
}

/** The key itself; as {@link readKey}. */
export function readMaterial(
  entry: RingKey,
  enforceMinimumKeyLength: boolean,
  refuse: RefuseKey,
): KeyMaterial | undefined {
  const { algorithm } = entry;
  const parse = (member: 'signingKey' | 'verifyingKey', use: 'sign' | 'verify'): KeyObject | undefined => {
    const input = entry[member];
    if (input === undefined) return undefined;
    try {
      return parseKey(input, { algorithm, use, enforceMinimumKeyLength });
    } catch (error) {
      refuse(member, error instanceof BadKey ? error.message : `it cannot be read as a key for ${algorithm}`);
      return undefined;
    }
  };
  const signing = parse('signingKey', 'sign');
  const given = parse('verifyingKey', 'verify');
  const verifying = given ?? (signing && (signing.type === 'secret' ? signing : createPublicKey(signing)));
  const areRead =
    (signing === undefined) === (entry.signingKey === undefined) &&
    (given === undefined) === (entry.verifyingKey === undefined);
  if (!areRead || verifying === undefined) return undefined;
  const material: KeyMaterial = { algorithm, signing, verifying };
  if (signing === undefined || pairWorks(material)) return material;
  refuse('verifyingKey', 'it does not belong to signingKey: leave it out, and it is derived');
  return undefined;
}

/** When a key may be used, in milliseconds since the epoch. */
export function readTimes(entry: RingKey, refuse: RefuseKey): Pick<JwtoKey, 'notBefore' | 'expiresAt'> | undefined {
  const notBefore = readInstant(entry.notBefore, Number.NEGATIVE_INFINITY);
  const expiresAt = readInstant(entry.expiresAt, Number.POSITIVE_INFINITY);
  const instant = 'a Date, ISO 8601 text with a zone, or milliseconds since the epoch';
  if (notBefore === undefined) refuse('notBefore', instant);
  if (expiresAt === undefined) refuse('expiresAt', instant);
  if (notBefore === undefined || expiresAt === undefined) return undefined;
  if (notBefore < expiresAt) return { notBefore, expiresAt };
  refuse('expiresAt', 'it must come after notBefore');
  return undefined;
}

/** What is weak about a key that `enforceMinimumKeyLength: false` let pass; `undefined` if nothing is. */
export function weaknessOf({ algorithm, signing, verifying }: KeyMaterial): string | undefined {
  const use = signing === undefined ? 'verify' : 'sign';
  try {
    parseKey(signing ?? verifying, { algorithm, use, enforceMinimumKeyLength: true });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

function pairWorks(key: KeyMaterial): boolean {
  const probe = 'jwto.self-test';
  try {
    return isSignatureOf(key, probe, signText(key, probe));
  } catch {
    return false;
  }
}

function readInstant(value: unknown, otherwise: number): number | undefined {
  if (value === undefined) return otherwise;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? undefined : value.getTime();
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= LEAST_MILLISECONDS ? value : undefined;
  if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT.*(?:Z|[+-]\d\d:?\d\d)$/.test(value)) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : time;
}

/** HKDF (RFC 5869) with a purpose of its own, so that a CSRF token reveals nothing about the key. */
function deriveCsrfSecret(key: KeyObject | undefined): KeyObject | undefined {
  if (key === undefined) return undefined;
  const material = key.type === 'secret' ? key.export() : key.export({ type: 'pkcs8', format: 'der' });
  // A KeyObject, so that printing a service prints no secret.
  return createSecretKey(Buffer.from(hkdfSync('sha256', material, '', 'jwto csrf token', 32)));
}
