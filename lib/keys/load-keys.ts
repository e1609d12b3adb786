import type { SettingProblem } from '../errors/configuration-error.js';
import { ALGORITHM_NAMES, type Algorithm } from '../options/algorithm-names.js';
import { describe, nameOf } from '../options/setting-in-message.js';
import type { JwtoOptions } from '../options/jwto-options.js';
import type { RingKey } from '../options/key-options.js';
import { readOnce } from '../options/read-once.js';
import { SETTINGS } from '../options/setting-table.js';
import { isNameOf, specOf } from './algorithms.js';
import type { JwtoKey } from './jwto-key.js';
import { readKey, weaknessOf } from './read-key.js';

const MEMBERS = {
  kid: null,
  algorithm: null,
  signingKey: null,
  verifyingKey: null,
  notBefore: null,
  expiresAt: null,
  withoutKid: null,
} satisfies Record<keyof RingKey, null>;
const MAX_KID = 128;

/** Keys, or what is wrong with them. */
export type KeysOrProblems = { keys: readonly JwtoKey[] } | { problems: readonly SettingProblem[] };

/** The one key of `signingKey`, `verifyingKey` and `algorithm`. Its tokens name no key, as djwto's do not. */
export function loadSingleKey(options: JwtoOptions): KeysOrProblems {
  const { algorithm = SETTINGS.algorithm.default, signingKey, verifyingKey } = options;
  const problems: SettingProblem[] = [];
  const refuse = (setting: 'signingKey' | 'verifyingKey', accepts: string): void => {
    const value = options[setting];
    const got = value === undefined ? 'nothing' : describe(setting, value);
    problems.push({ setting: nameOf(options, setting), got, accepts });
  };
  const isSecret = specOf(algorithm).family === 'hmac';
  if (signingKey === undefined && (isSecret || verifyingKey === undefined)) {
    refuse(
      'signingKey',
      isSecret ? `${algorithm} needs a secret` : `${algorithm} needs a private key, or a verifyingKey to verify only`,
    );
  }
  if (isSecret && verifyingKey !== undefined) {
    refuse('verifyingKey', `${algorithm} verifies with signingKey: leave it out, or choose an asymmetric algorithm`);
    return { problems };
  }
  const entry: RingKey = { algorithm, signingKey, verifyingKey, withoutKid: true };
  const key = readKey(
    entry,
    options.enforceMinimumKeyLength ?? SETTINGS.enforceMinimumKeyLength.default,
    (member, accepts) => {
      refuse(member as 'signingKey' | 'verifyingKey', accepts);
    },
  );
  return key === undefined || problems.length > 0 ? { problems } : { keys: [{ ...key, named: false }] };
}

/**
 * The keys of a ring.
 *
 * @param given - as the setting or its function gave them
 */
export function loadRing(given: unknown, enforceMinimumKeyLength: boolean): KeysOrProblems {
  const problems: SettingProblem[] = [];
  if (!Array.isArray(given) || given.length === 0) {
    return { problems: [{ setting: 'keys', got: describe('keys', given), accepts: 'a list of at least one key' }] };
  }
  const keys: JwtoKey[] = [];
  for (const [index, one] of (given as unknown[]).entries()) {
    const entry = typeof one === 'object' && one !== null && !Array.isArray(one) ? readOnce(one, MEMBERS) : one;
    const setting = `keys[${String(index)}]`;
    const wrong = formProblems(entry, setting);
    if (wrong.length > 0) {
      problems.push(...wrong);
      continue;
    }
    const key = readKey(entry as RingKey, enforceMinimumKeyLength, (member, accepts) => {
      // What stands in one member may be meant for another: nothing is shown as it is.
      problems.push({
        setting: `${setting}.${member}`,
        got: describe('signingKey', (entry as RingKey)[member]),
        accepts,
      });
    });
    if (key === undefined) continue;
    problems.push(...clashes(key, keys, setting));
    keys.push(key);
  }
  return problems.length > 0 ? { problems } : { keys };
}

/** What a key must not share with those before it: its name, its place as the key of unnamed tokens, its material. */
function clashes(key: JwtoKey, before: readonly JwtoKey[], setting: string): SettingProblem[] {
  const problems: SettingProblem[] = [];
  if (before.some(({ kid }) => kid === key.kid)) {
    problems.push({
      setting: `${setting}.kid`,
      got: JSON.stringify(key.kid),
      accepts: 'each key needs a kid of its own',
    });
  }
  if (key.withoutKid && before.some(({ withoutKid }) => withoutKid)) {
    problems.push({
      setting: `${setting}.withoutKid`,
      got: 'true',
      accepts: 'one key at most verifies tokens without kid',
    });
  }
  const twin = before.find(({ verifying }) => verifying.equals(key.verifying));
  if (twin === undefined) return problems;
  if (isForAnother(key, twin)) {
    problems.push({
      setting: `${setting}.algorithm`,
      got: key.algorithm,
      accepts: `${twin.algorithm}, or another key: the key ${JSON.stringify(twin.kid)} is the same, and a key serves one algorithm (RFC 8725 §3.1)`,
    });
  } else if (twin.kid !== key.kid) {
    problems.push({
      setting: `${setting}.kid`,
      got: JSON.stringify(key.kid),
      accepts: `another key: the key ${JSON.stringify(twin.kid)} is the same, and what is removed under one name would live on under the other`,
    });
  }
  return problems;
}

/** One key under two algorithms: what one signs, a weaker other might accept. Ed25519 and EdDSA are one (RFC 9864). */
function isForAnother(one: JwtoKey, other: JwtoKey): boolean {
  return !isNameOf(one.algorithm, other.algorithm);
}

/** What to warn of: keys that are weaker than they should be. */
export function weaknesses(keys: readonly JwtoKey[]): string[] {
  return keys.flatMap((key) => {
    const weakness = weaknessOf(key);
    if (weakness === undefined) return [];
    const which = key.named ? `the key ${JSON.stringify(key.kid)}` : 'the key';
    return [`enforceMinimumKeyLength is false and ${which} is weak: ${weakness}. Tokens can be forged.`];
  });
}

/** What is wrong with an entry before its key is looked at. */
function formProblems(entry: unknown, setting: string): SettingProblem[] {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry)) {
    return [{ setting, got: describe('signingKey', entry), accepts: 'an object like { kid, algorithm, signingKey }' }];
  }
  const { kid, algorithm, signingKey, verifyingKey, withoutKid } = entry as Record<string, unknown>;
  const problems: SettingProblem[] = [];
  const refuse = (member: string, got: string, accepts: string): void => {
    problems.push({ setting: `${setting}.${member}`, got, accepts });
  };
  for (const name of Object.keys(entry)) {
    if (!Object.hasOwn(MEMBERS, name))
      refuse(name, 'a value', `there is no such member; a key has ${Object.keys(MEMBERS).join(', ')}`);
  }
  if (kid !== undefined && (typeof kid !== 'string' || kid === '' || kid.length > MAX_KID)) {
    refuse('kid', describe('signingKey', kid), `a text of 1 to ${String(MAX_KID)} characters`);
  }
  if (!ALGORITHM_NAMES.includes(algorithm as Algorithm)) {
    refuse('algorithm', describe('signingKey', algorithm), ALGORITHM_NAMES.join(', '));
  }
  if (signingKey === undefined && verifyingKey === undefined) {
    refuse('signingKey', 'nothing', 'a key has a signingKey, or a verifyingKey to verify only');
  }
  for (const [member, value] of Object.entries({ signingKey, verifyingKey })) {
    const isKey = value === undefined || (typeof value === 'object' && value !== null) || typeof value === 'string';
    if (!isKey) refuse(member, describe('signingKey', value), 'PEM text, JWK, KeyObject, or a secret');
  }
  if (withoutKid !== undefined && typeof withoutKid !== 'boolean') {
    refuse('withoutKid', describe('signingKey', withoutKid), 'true or false');
  }
  return problems;
}
