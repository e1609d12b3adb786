import type { JsonWebKey, KeyObject } from 'node:crypto';
import { jwkOf, pemOf } from './keys.js';

/** How text of a key, or base64 of its DER, comes to a setting, by name. */
const IN_TEXT: Readonly<Record<string, (text: string) => string | Buffer>> = {
  'as it is': (text) => text,
  'behind a byte order mark': (text) => `\ufeff${text}`,
  'behind zero-width spaces': (text) => `\u200b\u200b${text}`,
  'behind a comment': (text) => `# The key of login.example.com, v2\n${text}`,
  'behind the name of a variable': (text) => `export PUBLIC_KEY=${text}`,
  'before other text': (text) => `${text}\n-- that was it, 2026-11-27`,
  'in quotes': (text) => `"${text}"`,
  'in other quotes': (text) => `'${text}'\n`,
  'in a JSON list': (text) => JSON.stringify(['first', text]),
  'in a JSON object': (text) => JSON.stringify({ kid: 'a', keys: { public: text } }),
  'in JSON inside of JSON': (text) => JSON.stringify({ secret: JSON.stringify({ key: text }) }),
  'in JSON with escaped characters': (text) =>
    JSON.stringify([text]).replace(/[+/-]/g, (sign) => `\\u00${Buffer.from(sign).toString('hex').toUpperCase()}`),
  'with literal line breaks': (text) => text.replaceAll('\n', '\\n').replace(/[\w+/]{64}(?=[\w+/])/g, '$&\\n'),
  'with literal line breaks of Windows': (text) => text.replaceAll('\n', '\\r\\n'),
  'with line breaks': (text) => text.replace(/[\w+/]{64}(?=[\w+/])/g, '$&\n'),
  'with line breaks of Windows': (text) => text.replaceAll('\n', '\r\n'),
  'with spaces for line breaks': (text) => text.replaceAll('\n', ' '),
  'in UTF-16': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  'in base64': (text) => Buffer.from(text).toString('base64'),
  'in base64url': (text) => Buffer.from(text).toString('base64url'),
  'in base64 twice': (text) => Buffer.from(Buffer.from(text).toString('base64')).toString('base64'),
  'in base64 of UTF-16': (text) => Buffer.from(text, 'utf16le').toString('base64'),
  'in base64 behind a comment in base64': (text) =>
    Buffer.from(`# key\n${Buffer.from(text).toString('base64')}`).toString('base64'),
  'in hexadecimal digits': (text) => Buffer.from(text).toString('hex'),
  'in a data: URL': (text) => `data:application/x-pem-file;base64,${Buffer.from(text).toString('base64')}`,
  'in a data: URL without base64': (text) => `data:,${encodeURIComponent(text)}`,
};

/** How bytes of DER come to a setting, where they are no text. */
const IN_BYTES: Readonly<Record<string, (der: Buffer) => string | Buffer>> = {
  'as it is': (der) => der,
  'behind a byte order mark': (der) => Buffer.concat([Buffer.from('\ufeff'), der]),
  'behind a comment': (der) => Buffer.concat([Buffer.from('0 key: '), der]),
  'before a line break': (der) => Buffer.concat([der, Buffer.from('\n')]),
  'read as Latin-1': (der) => der.toString('latin1'),
  'in hexadecimal digits': (der) => der.toString('hex'),
  'in capital hexadecimal digits with colons': (der) =>
    (der.toString('hex').toUpperCase().match(/../g) ?? []).join(':'),
  'in hexadecimal digits behind a comment': (der) => `# a public key\n${der.toString('hex')}`,
  'in hexadecimal digits of C': (der) =>
    Array.from(der, (byte) => `0x${byte.toString(16).padStart(2, '0')}`).join(', '),
  'in escapes of C': (der) => Array.from(der, (byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join(''),
  'in hexadecimal digits in base64': (der) => Buffer.from(der.toString('hex')).toString('base64'),
  'as the JSON of a Buffer': (der) => JSON.stringify(der),
};

/** Every form of a key that programs write, by name. */
function formsOf(key: KeyObject): { texts: Record<string, string>; ders: Record<string, Buffer> } {
  const isPrivate = key.type === 'private';
  const der = (type: string): Buffer => key.export({ type, format: 'der' } as { type: 'spki'; format: 'der' });
  const own = { rsa: ['pkcs1'], ec: isPrivate ? ['sec1'] : [] }[String(key.asymmetricKeyType)] ?? [];
  const ders = Object.fromEntries([isPrivate ? 'pkcs8' : 'spki', ...own].map((type) => [`${type} DER`, der(type)]));
  const texts: Record<string, string> = { PEM: pemOf(key) };
  if (key.asymmetricKeyType !== 'rsa-pss') texts['JWK'] = JSON.stringify(jwkOf(key));
  const line = key.asymmetricKeyType === 'rsa-pss' || isPrivate ? undefined : sshLineOf(jwkOf(key));
  if (line !== undefined) {
    texts['OpenSSH line'] = line;
    const [, body = ''] = line.split(' ');
    texts['SSH2 block'] = `---- BEGIN SSH2 PUBLIC KEY ----\nComment: "a"\n${body}\n---- END SSH2 PUBLIC KEY ----\n`;
  }
  return { texts, ders };
}

/** A key in every form and every wrapping, each with a name. */
export function wrappingsOf(key: KeyObject): [name: string, wrapped: string | Buffer][] {
  const { texts, ders } = formsOf(key);
  const inBase64 = Object.entries(ders).map(([form, der]) => [`${form} in base64`, der.toString('base64')] as const);
  return [
    ...[...Object.entries(texts), ...inBase64].flatMap(([form, text]) =>
      Object.entries(IN_TEXT).map(([name, wrap]) => [`${form} ${name}`, wrap(text)] as [string, string | Buffer]),
    ),
    ...Object.entries(ders).flatMap(([form, der]) =>
      Object.entries(IN_BYTES).map(([name, wrap]) => [`${form} ${name}`, wrap(der)] as [string, string | Buffer]),
    ),
  ];
}

/** A line of `authorized_keys` (RFC 4253 §6.6, RFC 5656 §3.1, RFC 8709 §4); `undefined` of a curve that SSH has not. */
function sshLineOf({ kty, crv, n = '', e = '', x = '', y = '' }: JsonWebKey): string | undefined {
  const curve = { 'P-256': 'nistp256', 'P-384': 'nistp384', 'P-521': 'nistp521' }[crv ?? ''];
  const bytes = (text: string): Buffer => Buffer.from(text, 'base64url');
  const field = (value: Buffer): Buffer => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(value.length);
    return Buffer.concat([length, value]);
  };
  const write = (type: string, ...values: Buffer[]): string =>
    `${type} ${Buffer.concat([Buffer.from(type), ...values].map(field)).toString('base64')} user@example.com`;
  if (kty === 'RSA') return write('ssh-rsa', bytes(e), Buffer.concat([Buffer.alloc(1), bytes(n)]));
  if (crv === 'Ed25519') return write('ssh-ed25519', bytes(x));
  if (curve === undefined) return undefined;
  const point = Buffer.concat([Buffer.from([4]), bytes(x), bytes(y)]);
  return write(`ecdsa-sha2-${curve}`, Buffer.from(curve), point);
}
