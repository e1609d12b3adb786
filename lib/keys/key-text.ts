import { readerOf } from './der.js';

/** The least bytes that hold a key: an Ed25519 public key in DER. */
const LEAST = 44;
/** How often what was decoded is decoded again: base64 of base64 of base64. */
const DEPTH = 3;

/** What the text of a key has in it, and of 2^30 random secrets none. NULs are left out. */
const MARKS: readonly RegExp[] = [
  /---- ?BEGIN/,
  // A JWK, also as YAML or Python write it, and in JSON text inside of JSON text.
  /kty[\s"'\\]*[:=][\s"'\\]*(?:RSA|EC|OKP|AKP|oct)/,
  /<RSAKeyValue>/,
  // SSH's own form (RFC 4253 §6.6), where a name has its length before it.
  /[^ -~](?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\w+)[^!-~]/,
  // Kinds of keys and curves in DER: RSA, RSA-PSS, DSA, EC, P-256, those of SEC 2, Ed25519 and its like.
  ...['06092a864886f70d010101', '06092a864886f70d01010a', '06072a8648ce380401', '06072a8648ce3d0201'].map(inDer),
  ...['06082a8648ce3d0301', '06052b8104', '300506032b65'].map(inDer),
];

const LENGTH = '(?:[\\x40-\\x7f]|\\x81[^]|\\x82[^]{2})';
/** The beginning of an RSA key in PKCS #1, which names no kind: a version if it is private, then a modulus. */
const PKCS1 = new RegExp(`\\x30(?=${LENGTH}(?:\\x02\\x01\\0)?\\x02${LENGTH}\\0[\\x80-\\xff])`, 'g');

/**
 * Whether bytes are those of a key that is no HMAC secret, in any wrapping in which keys are handed around: PEM, DER,
 * JWK or SSH's form, with anything before and behind it, in quotes, JSON, base64, hexadecimal digits, UTF-16, or several
 * of these. Such bytes are often public.
 */
export function isKeyText(bytes: Buffer): boolean {
  return hasKey(bytes, DEPTH);
}

function hasKey(bytes: Buffer, depth: number): boolean {
  const text = withoutEscapes(bytes.toString('latin1')).replaceAll('\0', '');
  if (MARKS.some((mark) => mark.test(text)) || hasPkcs1(bytes)) return true;
  return depth > 0 && decodings(bytes, text).some((decoded) => hasKey(decoded, depth - 1));
}

/** What text may stand for. Where in it base64 begins nobody knows, but one of four alignments is the right one. */
function decodings(bytes: Buffer, text: string): Buffer[] {
  const found: Buffer[] = [];
  for (const run of text.replace(/\\[nrt]|[^\w+/=-]/g, '').split(/=+/)) {
    if (run.length * 0.75 < LEAST) continue;
    for (let start = 0; start < 4; start++) found.push(Buffer.from(run.slice(start), 'base64'));
  }
  const digits = text.replace(/0x|[^\da-f]/gi, '');
  if (digits.length >= LEAST * 2) found.push(Buffer.from(digits, 'hex'), Buffer.from(digits.slice(1), 'hex'));
  const numbers = /\b\d{1,3}(?:\s*,\s*\d{1,3})+/.exec(text)?.[0].split(',') ?? [];
  if (numbers.length >= LEAST) found.push(Buffer.from(numbers.map(Number)));
  // Bytes that were read as Latin-1 and written as UTF-8.
  const utf8 = bytes.toString('utf8');
  const latin1 = Buffer.from(utf8, 'latin1');
  if (latin1.length < bytes.length && latin1.toString('latin1') === utf8) found.push(latin1);
  return found;
}

/** Characters instead of their escapes in JSON and in URLs. */
function withoutEscapes(text: string): string {
  return text.replace(/(?:%|\\u00)([\da-f]{2})/gi, (_escape, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 16)),
  );
}

/** A pattern for bytes of DER, also where those beyond ASCII were read as Latin-1, or as UTF-8, which they are not. */
function inDer(hex: string): RegExp {
  const pattern = hex.replace(/../g, (byte) =>
    byte < '80' ? `\\x${byte}` : `(?:\\x${byte}|[\\xc2\\xc3][\\x80-\\xbf]|\\xef\\xbf\\xbd)`,
  );
  return new RegExp(pattern);
}

function hasPkcs1(bytes: Buffer): boolean {
  const places = bytes.toString('latin1').matchAll(PKCS1);
  return Array.from(places).some(({ index }) => readerOf(bytes.subarray(index)) !== undefined);
}
