import { createHash, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

/** The members that identify a key, in the order of RFC 7638 §3.2 and RFC 8037 §2. */
const MEMBERS: Readonly<Record<string, readonly (keyof JsonWebKey)[]>> = {
  oct: ['k', 'kty'],
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
};

/**
 * The thumbprint of a key (RFC 7638), base64url of a SHA-256. Of an `rsa-pss` key, which OpenSSL gives no JWK of, it is
 * that of its SubjectPublicKeyInfo.
 */
export function thumbprint(key: KeyObject): string {
  const jwk = key.type === 'secret' ? key.export({ format: 'jwk' }) : publicJwk(key);
  const members = MEMBERS[jwk?.kty ?? ''];
  const text =
    jwk === undefined || members === undefined
      ? (key.type === 'private' ? createPublicKey(key) : key).export({ type: 'spki', format: 'der' })
      : JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]])));
  return createHash('sha256').update(text).digest('base64url');
}

/** The public members of an asymmetric key as a JWK (RFC 7517 §4); `undefined` for an `rsa-pss` key, which has none. */
export function publicJwk(key: KeyObject): JsonWebKey | undefined {
  if (key.type === 'secret') throw new TypeError('A secret has no public part.');
  // Of a private key, createPublicKey takes the public part; of a public one it refuses to take anything.
  const open = key.type === 'private' ? createPublicKey(key) : key;
  return open.asymmetricKeyType === 'rsa-pss' ? undefined : open.export({ format: 'jwk' });
}
