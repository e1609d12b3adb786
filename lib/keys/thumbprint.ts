import { createHash, createHmac, createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';

/** The members that identify a key, in the order of RFC 7638 §3.2 and RFC 8037 §2. */
const MEMBERS: Readonly<Record<string, readonly (keyof JsonWebKey)[]>> = {
  RSA: ['e', 'kty', 'n'],
  EC: ['crv', 'kty', 'x', 'y'],
  OKP: ['crv', 'kty', 'x'],
};

/**
 * The name of a key that has none: its thumbprint (RFC 7638), base64url of a SHA-256. Of a secret it is an HMAC made with
 * it: every token shows the name, and a plain hash of a secret is for nobody to see.
 */
export function thumbprint(key: KeyObject): string {
  if (key.type === 'secret') return createHmac('sha256', key).update('jwto kid').digest('base64url');
  const jwk = publicJwk(key);
  const members = MEMBERS[jwk.kty ?? ''] ?? [];
  const text = JSON.stringify(Object.fromEntries(members.map((name) => [name, jwk[name]])));
  return createHash('sha256').update(text).digest('base64url');
}

/** The public members of an asymmetric key as a JWK (RFC 7517 §4). */
export function publicJwk(key: KeyObject): JsonWebKey {
  if (key.type === 'secret') throw new TypeError('A secret has no public part.');
  // Of a private key, createPublicKey takes the public part; of a public one it refuses to take anything.
  const open = key.type === 'private' ? createPublicKey(key) : key;
  return (open.asymmetricKeyType === 'rsa-pss' ? withoutParameters(open) : open).export({ format: 'jwk' });
}

/** An `rsa-pss` key as the RSA key that it is: OpenSSL gives no JWK of the former, and a JWK's `alg` says what it is for. */
function withoutParameters(key: KeyObject): KeyObject {
  const spki = key.export({ type: 'spki', format: 'der' });
  // SEQUENCE { algorithm SEQUENCE, BIT STRING } (RFC 5280 §4.1); behind a zero the BIT STRING has the RSAPublicKey.
  const algorithm = headerLength(spki, 0);
  const bits = algorithm + headerLength(spki, algorithm) + contentLength(spki, algorithm);
  const pkcs1 = spki.subarray(bits + headerLength(spki, bits) + 1);
  return createPublicKey({ key: pkcs1, format: 'der', type: 'pkcs1' });
}

/** Of a DER element (X.690 §8.1.3): its tag and length. */
function headerLength(der: Buffer, at: number): number {
  const length = der.readUInt8(at + 1);
  return length < 0x80 ? 2 : 2 + (length & 0x7f);
}

function contentLength(der: Buffer, at: number): number {
  const length = der.readUInt8(at + 1);
  return length < 0x80 ? length : der.readUIntBE(at + 2, length & 0x7f);
}
