import type { JsonWebKey } from 'node:crypto';
import { readerOf } from './der.js';

const ENCRYPTED =
  'this is encrypted: decrypt it by `openssl pkey -in <file>`, or give createPrivateKey({ key, passphrase })';
const PUBLIC = 'this is a public key';
const UNKNOWN = 'this cannot be read as one';

/** What PEM text shows that is wrong with it; the first counts. */
const PEM_FAULTS: readonly [RegExp, string][] = [
  [/-----BEGIN OPENSSH/, "this has OpenSSH's own format: convert it by `ssh-keygen -p -m PKCS8 -f <file>`"],
  [/-----BEGIN ENCRYPTED|Proc-Type: 4,ENCRYPTED/, ENCRYPTED],
  [/["'`]-----BEGIN/, 'there are quotes around it: take them away'],
  [
    /^(?![^]*-----END)/,
    'its end is missing: a file of variables may end a value at its first line, so write its line breaks as `\\n`',
  ],
  [/-----BEGIN[^\n]*-----END/, 'its line breaks are missing: write them as `\\n` where a value has one line'],
  [/\S[^\S\n]*-----BEGIN/, 'something stands before "-----BEGIN" in its line: take it away'],
  [/^[^\S\n]+-----END/m, 'its lines begin with white space: take it away'],
  [/-----BEGIN (?:[A-Z]+ )*(?:PUBLIC KEY|CERTIFICATE)-----/, PUBLIC],
];

/** What other text is like. */
const TEXTS: readonly [RegExp, string][] = [
  [/^\{[^]*"keys"\s*:\s*\[/, 'this is a JWK Set as JSON text: give one of its keys, from JSON.parse(value).keys'],
  [/^\{[^]*"kty"\s*:/, 'this is a JWK as JSON text: give JSON.parse(value)'],
  [/^(?:ssh-|ecdsa-sha2-)\S+ /, "this has OpenSSH's own format: convert it by `ssh-keygen -e -m PKCS8 -f <file>`"],
  [
    /^---- BEGIN SSH2/,
    "this has SSH2's own format: convert it by `ssh-keygen -i -f <file>`, then by `ssh-keygen -e -m PKCS8`",
  ],
  [
    /^(?:file:|~?\.{0,2}[/\\]|[a-z]:[/\\]).{0,512}$|^.{1,512}\.(?:pem|key|crt|cer|der|pub|jwk|json)$/i,
    'this looks like the path of a file: read the file, and give what is in it',
  ],
];

/**
 * Why node:crypto reads no private or public key in text or bytes, and what to do; never a part of them.
 *
 * @returns the end of a sentence that begins with what is needed
 */
export function whyUnreadable(input: string | Uint8Array): string {
  if (typeof input !== 'string') {
    const bytes = Buffer.from(input);
    if (bytes.includes('-----BEGIN')) return 'this is PEM text as bytes: give Buffer.from(value).toString()';
    return whyDer(bytes, 'DER', '') ?? 'these are bytes that hold no key';
  }
  const text = input.trim();
  if (text.includes('-----BEGIN')) return firstOf(PEM_FAULTS, text) ?? UNKNOWN;
  return (
    whyEncoded(text.replace(/\s+/g, '')) ??
    firstOf(TEXTS, text) ??
    'this is not PEM text: it must begin with "-----BEGIN"'
  );
}

/** Why an object is no JWK that node:crypto reads; as {@link whyUnreadable}. */
export function whyUnreadableJwk(jwk: JsonWebKey, use: 'sign' | 'verify'): string {
  if (Array.isArray(jwk['keys'])) return 'this is a JWK Set: give one of its keys';
  if (typeof jwk.kty !== 'string') return 'this object has no "kty", and is no JWK';
  if (jwk.kty === 'oct') return 'this is the JWK of a secret';
  return use === 'sign' && jwk.d === undefined ? PUBLIC : UNKNOWN;
}

function whyEncoded(text: string): string | undefined {
  if (/^(?:[\da-f]{2})+$/i.test(text)) return whyDer(Buffer.from(text, 'hex'), 'DER in hexadecimal digits', 'hex');
  if (!/^[\w+/-]+={0,2}$/.test(text)) return undefined;
  const bytes = Buffer.from(text, 'base64');
  if (bytes.includes('-----BEGIN')) return "this is PEM text in base64: give Buffer.from(value, 'base64').toString()";
  return whyDer(bytes, 'DER in base64', 'base64');
}

function whyDer(bytes: Buffer, what: string, encoding: '' | 'base64' | 'hex'): string | undefined {
  const reader = readerOf(bytes);
  if (reader === undefined) return undefined;
  const passphrase = reader.isEncrypted ? ', passphrase' : '';
  const decoded = encoding === '' ? '' : `, encoding: '${encoding}'`;
  const call = `${reader.reads}({ key: value, format: 'der', type: '${reader.type}'${decoded}${passphrase} })`;
  return `this is ${reader.isEncrypted ? 'encrypted ' : ''}${what}: give ${call}`;
}

function firstOf(reasons: readonly [RegExp, string][], text: string): string | undefined {
  return reasons.find(([pattern]) => pattern.test(text))?.[1];
}
