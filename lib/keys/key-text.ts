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

/**
 * Why a text is no key that can be read, where that can be told; never a part of the text.
 *
 * @returns the end of a sentence that begins with what is needed
 */
export function whyUnreadable(text: string): string | undefined {
  if (text.includes('-----BEGIN OPENSSH')) {
    return "this has OpenSSH's own format: convert it by `ssh-keygen -p -m PKCS8 -f <file>`";
  }
  if (text.includes('-----BEGIN ENCRYPTED') || text.includes('Proc-Type: 4,ENCRYPTED')) {
    return 'this is encrypted: decrypt it by `openssl pkey -in <file>`, or give a KeyObject';
  }
  if (text.includes('-----BEGIN')) return undefined;
  const packed = text.replace(/\s+/g, '');
  if (BASE64.test(packed) && isPlainKey(Buffer.from(packed, 'base64'))) {
    return "this is a key in base64: decode it first, by Buffer.from(value, 'base64').toString()";
  }
  if (/^[^\n]{1,512}$/.test(text.trim()) && /[/\\]|\.(?:pem|key|crt|cer|der|pub)$/i.test(text.trim())) {
    return 'this looks like the path of a file: read the file, and give what is in it';
  }
  return 'this is not PEM text: it must begin with "-----BEGIN"';
}
