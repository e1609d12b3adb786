import type { Algorithm, KeyInput } from 'jwto';
import { describe, expect, it } from 'vitest';
import { jwkOf, makeEc, makeKeys, pemOf } from '../support/keys.js';
import { refusalOf, wrongSettings } from '../support/startup.js';

const rsa = makeKeys('RS256');
const ec = makeKeys('ES256');
const pem = pemOf(rsa.signing);
const publicPem = pemOf(rsa.verifying);
const pkcs8 = rsa.signing.export({ type: 'pkcs8', format: 'der' });
const sec1 = ec.signing.export({ type: 'sec1', format: 'der' });
const spki = rsa.verifying.export({ type: 'spki', format: 'der' });
const cipher = { cipher: 'aes-256-cbc', passphrase: 'x' } as const;
const encryptedPem = rsa.signing.export({ type: 'pkcs8', format: 'pem', ...cipher }).toString();
const legacyPem = rsa.signing.export({ type: 'pkcs1', format: 'pem', ...cipher }).toString();
const encryptedDer = rsa.signing.export({ type: 'pkcs8', format: 'der', ...cipher });
const openssh = '-----BEGIN OPENSSH PRIVATE KEY-----\nb3BlbnNzaC1rZXktdjE\n-----END OPENSSH PRIVATE KEY-----\n';
const sshLine = `ssh-rsa ${'AAAAB3NzaC1yc2EAAAADAQAB'.repeat(4)} user@example.com`;

/** What it is, the key, and the words that must come: what is wrong, and what to do. */
const PRIVATE: [string, Algorithm, KeyInput, RegExp][] = [
  ['a PEM in quotes', 'RS256', `"${pem}"`, /quotes around it: take them away/],
  ['a PEM in quotes in one line', 'RS256', `'${pem.replaceAll('\n', '\\n')}'`, /quotes around it: take them away/],
  ['the first line of a PEM', 'RS256', '-----BEGIN PRIVATE KEY-----', /end is missing.*`\\n`/],
  ['a PEM with spaces for line breaks', 'RS256', pem.replaceAll('\n', ' '), /line breaks are missing.*`\\n`/],
  ['a PEM without line breaks', 'RS256', pem.replaceAll('\n', ''), /line breaks are missing.*`\\n`/],
  ['a PEM behind a zero-width space', 'RS256', `\u200b${pem}`, /before "-----BEGIN" in its line: take it away/],
  ['a PEM behind the name of a variable', 'RS256', `KEY=${pem}`, /before "-----BEGIN" in its line/],
  ['an indented PEM', 'RS256', pem.replaceAll('\n', '\n    '), /lines begin with white space: take it away/],
  ['an encrypted PEM', 'RS256', encryptedPem, /encrypted: .*createPrivateKey\(\{ key, passphrase \}\)/],
  ['an encrypted PEM of old', 'RS256', legacyPem, /encrypted: /],
  ['encrypted DER', 'RS256', encryptedDer, /encrypted DER: .*'pkcs8', passphrase \}\)/],
  ['encrypted DER in base64', 'RS256', encryptedDer.toString('base64'), /encrypted DER in base64: .*passphrase \}\)/],
  ["a key in OpenSSH's format", 'RS256', openssh, /OpenSSH.*`ssh-keygen -p -m PKCS8 -f <file>`/],
  [
    'a JWK as text',
    'RS256',
    JSON.stringify(jwkOf(rsa.signing), null, 2),
    /JWK as JSON text: give JSON\.parse\(value\)/,
  ],
  ['a JWK Set', 'RS256', { keys: [jwkOf(rsa.signing)] }, /JWK Set: give one of its keys/],
  ['a JWK Set as text', 'RS256', JSON.stringify({ keys: [jwkOf(rsa.signing)] }), /JWK Set .*one of its keys/],
  ['a pair', 'RS256', { publicKey: publicPem, privateKey: pem }, /no "kty", and is no JWK/],
  ['a JWK of a secret', 'RS256', jwkOf(makeKeys('HS256').signing), /the JWK of a secret/],
  ['a public JWK', 'RS256', jwkOf(rsa.verifying), /this is a public key/],
  ['a public PEM', 'RS256', publicPem, /this is a public key/],
  ['the bytes of a PEM', 'RS256', Buffer.from(pem), /PEM text as bytes: give Buffer\.from\(value\)\.toString\(\)/],
  ['the bytes of a PEM', 'RS256', new Uint8Array(Buffer.from(pem)), /PEM text as bytes/],
  ['PKCS #8 DER', 'RS256', pkcs8, /DER: give createPrivateKey\(\{ key: value, format: 'der', type: 'pkcs8' \}\)/],
  ['SEC 1 DER', 'ES256', sec1, /DER: give createPrivateKey\(\{ key: value, format: 'der', type: 'sec1' \}\)/],
  ['other bytes', 'RS256', Buffer.alloc(64, 7), /bytes that hold no key/],
  [
    'PKCS #8 DER in base64',
    'RS256',
    pkcs8.toString('base64').replace(/.{64}/g, '$&\n'),
    /DER in base64: give createPrivateKey\(\{ key: value, format: 'der', type: 'pkcs8', encoding: 'base64' \}\)/,
  ],
  ['SEC 1 DER in base64url', 'ES256', sec1.toString('base64url'), /DER in base64: .*type: 'sec1'/],
  ['PKCS #8 DER in hexadecimal digits', 'RS256', pkcs8.toString('hex'), /DER in hexadecimal digits: .*encoding: 'hex'/],
  [
    'a PEM in base64',
    'RS256',
    Buffer.from(pem).toString('base64'),
    /PEM text in base64: give Buffer\.from\(value, 'base64'\)\.toString\(\)/,
  ],
  ['a path', 'RS256', '/etc/keys/private', /path of a file: read the file/],
  ['a relative path', 'RS256', 'keys/private.pem', /path of a file/],
  ['a path on Windows', 'RS256', 'C:\\new\\rsa.key', /path of a file/],
  ['a file: URL', 'RS256', 'file:///run/secrets/key', /path of a file/],
  ['a password', 'RS256', 'correct horse battery staple', /not PEM text: it must begin with "-----BEGIN"/],
  ['a secret in base64 with a slash', 'RS256', 'Zm9v/mFy+mJhenF1eA1231231231233456789abc/de=', /not PEM text/],
  ['a damaged PEM', 'RS256', pem.replace('MII', 'AAA'), /cannot be read as one/],
];

const PUBLIC: [string, Algorithm, KeyInput, RegExp][] = [
  ['a PEM in quotes', 'RS256', `"${publicPem}"`, /quotes around it/],
  ['SPKI DER', 'RS256', spki, /DER: give createPublicKey\(\{ key: value, format: 'der', type: 'spki' \}\)/],
  ['SPKI DER in base64', 'RS256', spki.toString('base64'), /createPublicKey.*type: 'spki', encoding: 'base64'/],
  ['a line of OpenSSH', 'RS256', sshLine, /OpenSSH.*`ssh-keygen -e -m PKCS8 -f <file>`/],
  ['a block of SSH2', 'RS256', '---- BEGIN SSH2 PUBLIC KEY ----\nAAAA', /SSH2.*`ssh-keygen -i -f <file>`/],
  ['a JWK as text', 'ES256', JSON.stringify(jwkOf(ec.verifying)), /JWK as JSON text/],
  ['a JWK off its curve', 'ES256', { ...jwkOf(ec.verifying), x: 'AA' }, /cannot be read as one/],
  ['a private PEM', 'RS256', pem, /this is a private key: give it as signingKey only/],
];

describe('a key that cannot be read says why, and what to do', () => {
  it.each(PRIVATE)('a private one: %s', async (_what, algorithm, signingKey, says) => {
    const error = await refusalOf({ algorithm, signingKey });
    expect(error.problems).toMatchObject([{ setting: 'signingKey', accepts: expect.stringMatching(says) }]);
    expectNothingOf(signingKey, error.message + JSON.stringify(error));
  });

  it.each(PUBLIC)('a public one: %s', async (_what, algorithm, verifyingKey, says) => {
    const error = await refusalOf({ algorithm, signingKey: undefined, verifyingKey, users: undefined });
    expect(error.problems).toMatchObject([{ setting: 'verifyingKey', accepts: expect.stringMatching(says) }]);
    expectNothingOf(verifyingKey, error.message + JSON.stringify(error));
  });
});

/** No eight characters of a key in a row, in any of its spellings, but for the words of PEM. */
function expectNothingOf(key: KeyInput, message: string): void {
  const bytes = key instanceof Uint8Array || typeof key === 'string' ? Buffer.from(key as string) : Buffer.alloc(0);
  const texts = [bytes.toString('latin1'), bytes.toString('base64'), bytes.toString('hex'), JSON.stringify(key)];
  const known = /BEGI|PRIV|PUBL|OPEN|---/;
  for (const text of texts) {
    for (let at = 0; at + 8 <= text.length; at += 3) {
      const piece = text.slice(at, at + 8);
      if (!known.test(piece)) expect(message).not.toContain(piece);
    }
  }
}

describe('a key is read', () => {
  const literal = pem.replaceAll('\n', '\\n');
  it.each<[string, Algorithm, KeyInput]>([
    ['PEM with literal \\n', 'RS256', literal],
    ['PEM with literal \\r\\n', 'RS256', pem.replaceAll('\n', '\\r\\n')],
    ['PEM with literal \\r before line breaks', 'RS256', pem.replaceAll('\n', '\\r\n')],
    ['PEM with line breaks of Windows', 'RS256', pem.replaceAll('\n', '\r\n')],
    ['PEM behind a byte order mark', 'RS256', `\ufeff${pem}`],
    ['PEM behind a comment', 'RS256', `# The "key" of login.example.com\n${pem}`],
    ['PEM with literal \\n and spaces', 'ES512', ` ${pemOf(makeEc('P-521').signing).replaceAll('\n', '\\n')} `],
  ])('%s', async (_what, algorithm, signingKey) => {
    expect(await wrongSettings({ algorithm, signingKey })).toEqual([]);
  });

  it('as its own message says', async () => {
    const { createPrivateKey } = await import('node:crypto');
    const key = pkcs8.toString('base64');
    const signingKey = createPrivateKey({ key, format: 'der', type: 'pkcs8', encoding: 'base64' });
    expect(await wrongSettings({ algorithm: 'RS256', signingKey })).toEqual([]);
  });
});
