import {
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  KeyObject,
  type JsonWebKey,
  type JsonWebKeyInput,
} from 'node:crypto';
import type { Algorithm } from '../options/algorithm-names.js';
import type { KeyInput } from '../options/key-options.js';
import { RSA_BITS, specOf } from './algorithms.js';
import { decodeBase64url } from './base64url.js';
import { isKeyText } from './key-text.js';
import { whyUnreadable, whyUnreadableJwk } from './unreadable-key.js';

/** Says what a key must be instead; the message is safe to show. */
export class BadKey extends Error {}

/** Options of {@link parseKey}. */
export interface KeyExpectation {
  algorithm: Algorithm;
  use: 'sign' | 'verify';
  enforceMinimumKeyLength: boolean;
}

/**
 * Parses a key once, so that no request pays for it: jsonwebtoken parses a string key on every call, for 0.45 ms.
 *
 * @throws {@link BadKey} if it is no key for this algorithm and use
 */
export function parseKey(input: KeyInput, expected: KeyExpectation): KeyObject {
  const { family } = specOf(expected.algorithm);
  const key = family === 'hmac' ? parseSecret(input, expected) : parseAsymmetric(input, expected);
  assertFits(key, expected);
  return key;
}

function parseSecret(input: KeyInput, expected: KeyExpectation): KeyObject {
  const { algorithm } = expected;
  const key = toSecret(input, expected);
  // A public key as an HMAC secret is how RS256 becomes HS256 in an attacker's hands (CVE-2015-9235).
  if (key.type === 'secret' && isKeyText(key.export())) {
    throw new BadKey(`${algorithm} needs a secret, and this is the text of a key; set algorithm to the key's`);
  }
  return key;
}

function toSecret(input: KeyInput, { algorithm, use }: KeyExpectation): KeyObject {
  if (input instanceof KeyObject) return input;
  if (input instanceof Uint8Array) return createSecretKey(input);
  if (typeof input === 'string') return createSecretKey(input, 'utf8');
  // The one secret does both.
  assertJwk(input, algorithm, use === 'sign' ? ['sign', 'verify'] : ['verify']);
  if (input.kty !== 'oct' || typeof input.k !== 'string') throw new BadKey(`${algorithm} needs a JWK of kty "oct"`);
  const bytes = decodeBase64url(input.k);
  if (bytes === undefined) throw new BadKey('the JWK\'s "k" is not base64url (RFC 7518 §6.4.1): encode the secret so');
  return createSecretKey(bytes);
}

function parseAsymmetric(input: KeyInput, { algorithm, use }: KeyExpectation): KeyObject {
  const kind = use === 'sign' ? 'private' : 'public';
  const needs = `${algorithm} needs a ${kind} key as PEM text, JWK or KeyObject`;
  if (input instanceof KeyObject) {
    if (input.type === kind) return input;
    throw new BadKey(`${needs}, and this is a ${input.type} key`);
  }
  if (input instanceof Uint8Array) throw new BadKey(`${needs}, and ${whyUnreadable(input)}`);
  const read = (source: string | JsonWebKeyInput, isPrivate: boolean, why: () => string): KeyObject => {
    // Of a private key, createPublicKey would take the public part.
    if (use === 'verify' && isPrivate) {
      throw new BadKey(`${needs}, and this is a private key: give it as signingKey only`);
    }
    try {
      return use === 'sign' ? createPrivateKey(source) : createPublicKey(source);
    } catch {
      throw new BadKey(`${needs}, and ${why()}`);
    }
  };
  if (typeof input === 'string') {
    const text = withLineBreaks(input);
    return read(text, text.includes('PRIVATE KEY-----'), () => whyUnreadable(text));
  }
  assertJwk(input, algorithm, [use]);
  return read({ key: input, format: 'jwk' }, input.d !== undefined, () => whyUnreadableJwk(input, use));
}

/** A file of variables often holds the line breaks of PEM text as `\n` or `\r\n`; PEM text has no backslash. */
function withLineBreaks(text: string): string {
  return text.includes('-----BEGIN') ? text.replaceAll('\\r', '').replaceAll('\\n', '\n').trim() : text;
}

/** The members of a JWK that limit what it may be used for (RFC 7517 §4.2 to §4.4). */
function assertJwk(jwk: JsonWebKey, algorithm: Algorithm, operations: readonly ('sign' | 'verify')[]): void {
  const named = jwk['alg'];
  const isOldOrNewName = specOf(algorithm).family === 'ed25519' && (named === 'EdDSA' || named === 'Ed25519');
  if (named !== undefined && named !== algorithm && !isOldOrNewName) {
    throw new BadKey(`the JWK's own "alg" is not ${algorithm}`);
  }
  if (jwk['use'] !== undefined && jwk['use'] !== 'sig') throw new BadKey('the JWK\'s "use" is not "sig"');
  const allowed = jwk['key_ops'];
  if (allowed === undefined) return;
  const missing = operations.filter((operation) => !Array.isArray(allowed) || !allowed.includes(operation));
  if (missing.length > 0) {
    throw new BadKey(`the JWK's "key_ops" must be a list with ${missing.map((name) => `"${name}"`).join(' and ')}`);
  }
}

function assertFits(key: KeyObject, { algorithm, enforceMinimumKeyLength }: KeyExpectation): void {
  const spec = specOf(algorithm);
  const type = key.asymmetricKeyType;
  const details = key.asymmetricKeyDetails ?? {};
  if (spec.family === 'hmac') {
    if (key.type !== 'secret') throw new BadKey(`${algorithm} needs a secret, and this is a ${key.type} key`);
    const bytes = key.symmetricKeySize ?? 0;
    if (bytes === 0) throw new BadKey(`${algorithm} needs a secret, and this one is empty`);
    if (enforceMinimumKeyLength && bytes < (spec.secretBytes ?? 0)) {
      throw new BadKey(`${algorithm} needs a secret of at least ${String(spec.secretBytes)} bytes (RFC 7518 §3.2)`);
    }
  } else if (spec.family === 'rsa') {
    const fits = type === 'rsa' || (type === 'rsa-pss' && spec.pssSalt !== undefined);
    if (!fits) throw new BadKey(`${algorithm} needs an RSA key, and this is ${String(type)}`);
    if ((details.publicExponent ?? 0n) < 3n) throw new BadKey('an RSA key needs a public exponent of at least 3');
    if (enforceMinimumKeyLength && (details.modulusLength ?? 0) < RSA_BITS) {
      throw new BadKey(`an RSA key needs at least ${String(RSA_BITS)} bits (RFC 7518 §3.3)`);
    }
  } else if (spec.family === 'ec') {
    if (type !== 'ec' || details.namedCurve !== spec.curve) {
      throw new BadKey(
        `${algorithm} needs a key on the curve ${String(spec.curve)}, and this is ${details.namedCurve ?? String(type)}`,
      );
    }
  } else if (type !== 'ed25519') {
    throw new BadKey(`${algorithm} needs an Ed25519 key, and this is ${String(type)}`);
  }
}
