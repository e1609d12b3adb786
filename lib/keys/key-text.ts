import { createPrivateKey, createPublicKey } from 'node:crypto';

/** PEM, OpenSSH and JWK, wherever in the text: behind a mark of byte order, a comment, in a list. */
const KEY = /-----BEGIN|"kty"\s*:|(?:ssh-(?:rsa|ed25519)|ecdsa-sha2-\w+) AAAA/;
/** Base64 of either alphabet, with line breaks. */
const BASE64 = /^[\w+/-]{16,}={0,2}$/;

/**
 * Whether bytes are those of a key that is not an HMAC secret, in any wrapping in which keys are handed around: text, DER,
 * or base64 of either. Such bytes are often public.
 */
export function isKeyText(bytes: Buffer): boolean {
  if (isPlainKey(bytes)) return true;
  const text = bytes.toString('latin1').replace(/\s+/g, '');
  return BASE64.test(text) && isPlainKey(Buffer.from(text, 'base64'));
}

function isPlainKey(bytes: Buffer): boolean {
  // UTF-16 is text with NULs in between.
  return KEY.test(bytes.toString('latin1').replaceAll('\0', '')) || isDer(bytes);
}

/** A SEQUENCE that OpenSSL reads as a key. */
function isDer(bytes: Buffer): boolean {
  if (bytes[0] !== 0x30) return false;
  return (
    isReadable(() => createPublicKey({ key: bytes, format: 'der', type: 'spki' })) ||
    isReadable(() => createPublicKey({ key: bytes, format: 'der', type: 'pkcs1' })) ||
    isReadable(() => createPrivateKey({ key: bytes, format: 'der', type: 'pkcs8' }))
  );
}

function isReadable(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch {
    return false;
  }
}
