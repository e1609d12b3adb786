import { JwtSecretRequestType, JwtService, type JwtModuleOptions } from '@nestjs/jwt';
import type { JwtoKey, KeyMaterial } from '../keys/jwto-key.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { Algorithm } from '../options/algorithm-names.js';
import { parseHeader, split } from './strict-jws.js';

/** Under which key the rooms of a module instance find its `JwtService`, whatever its name. */
export const JWT = Symbol('jwto.jwt');

type KnownAlgorithm = Exclude<Algorithm, 'EdDSA' | 'Ed25519'>;

/**
 * Whether @nestjs/jwt, which is jsonwebtoken 9, can sign with it: it has no EdDSA, and takes an `rsa-pss` key only with the
 * parameters that name the algorithm's hash. What it cannot, `keys/signature` signs, which has also tried the key at start.
 */
export function isKnownToJwtService<Key extends KeyMaterial>(key: Key): key is Key & { algorithm: KnownAlgorithm } {
  const { algorithm, verifying } = key;
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = verifying;
  const isBare = type === 'rsa-pss' && details?.hashAlgorithm === undefined;
  return algorithm !== 'EdDSA' && algorithm !== 'Ed25519' && !isBare;
}

/**
 * The `JwtService` of @nestjs/jwt over a ring, for our signer and for application code that injects it by
 * `getJwtServiceToken()`: it signs with the active key and verifies with the one that a token's `kid` calls for, as they
 * are at that moment. A call that names another key throws, since it would not be used.
 */
export function createJwtService(keys: KeyRing): JwtService {
  const options: JwtModuleOptions = {
    get signOptions() {
      const key = keys.active;
      // The key's size was checked at start, or let pass by `enforceMinimumKeyLength: false`.
      return key === undefined ? {} : { ...signOptions(key), allowInsecureKeySizes: true };
    },
    get verifyOptions() {
      const algorithms = keys.all.filter(isKnownToJwtService).map(({ algorithm }) => algorithm);
      return { algorithms: [...new Set(algorithms)], allowInvalidAsymmetricKeyTypes: false };
    },
    // @nestjs/jwt types keys for PEM text; jsonwebtoken takes a KeyObject, and is 30 times faster with it.
    secretOrKeyProvider: (type, token, asked = {}) => {
      assertNoOtherKey(asked);
      return (type === JwtSecretRequestType.SIGN ? signingKey(keys) : verifyingKey(keys, token)) as never;
    },
  };
  return new JwtService(options);
}

/** @nestjs/jwt leaves the options of a call unread where a function gives the keys. */
function assertNoOtherKey(options: object): void {
  const { secret, privateKey, publicKey } = options as Record<string, unknown>;
  if (secret === undefined && privateKey === undefined && publicKey === undefined) return;
  throw new Error(
    'this JwtService signs and verifies with the keys of jwto alone: leave the key out, or inject the JwtService of a ' +
      'JwtModule of your own',
  );
}

/** What jsonwebtoken needs to know about the key that signs. */
function signOptions(key: JwtoKey): { algorithm?: KnownAlgorithm; keyid?: string } {
  return { ...(isKnownToJwtService(key) && { algorithm: key.algorithm }), ...(key.named && { keyid: key.kid }) };
}

function signingKey(keys: KeyRing): JwtoKey['signing'] {
  const { active } = keys;
  if (active?.signing === undefined) throw new Error('this process has no signingKey and issues no tokens');
  return known(active).signing;
}

/** jsonwebtoken takes any of the listed algorithms that fits the key's kind; one key has one. */
function verifyingKey(keys: KeyRing, token: unknown): JwtoKey['verifying'] {
  const header = parseHeader(split(token).header);
  const key = keys.select(header);
  if (key === undefined || key.algorithm !== header['alg']) throw new Error('the token is of no key of this ring');
  return known(key).verifying;
}

function known(key: JwtoKey): JwtoKey {
  if (isKnownToJwtService(key)) return key;
  throw new Error(`jsonwebtoken has no ${key.algorithm} for this key: use the TokenService of jwto`);
}
