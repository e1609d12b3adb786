import { constants, generateKeyPairSync, sign, type KeyObject, type SignKeyObjectInput } from 'node:crypto';
import type { Algorithm } from 'jwto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { forge, segment, type Members } from '../support/forge.js';
import { TokenAttack } from '../support/token-attack.js';

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const OTHER_RSA = generateKeyPairSync('rsa', { modulusLength: 2048 });
const P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const OTHER_P256 = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const SECP256K1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' });
const ED = generateKeyPairSync('ed25519');
const OTHER_ED = generateKeyPairSync('ed25519');
/** The order of P-256 (FIPS 186-4, D.1.2.3). */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const pss = (key: KeyObject): SignKeyObjectInput => ({ key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 });
const p1363 = (key: KeyObject): SignKeyObjectInput => ({ key, dsaEncoding: 'ieee-p1363' });

/** Signs claims with node:crypto. */
function signed(claims: Members, alg: string, hash: string | null, key: KeyObject | SignKeyObjectInput): string {
  const input = `${segment({ alg, typ: 'JWT' })}.${segment(claims)}`;
  return `${input}.${segment(sign(hash, Buffer.from(input), key))}`;
}

/** A token with a signature that is what it is. */
function withSignature(claims: Members, alg: string, signature: Uint8Array): string {
  return `${segment({ alg, typ: 'JWT' })}.${segment(claims)}.${segment(signature)}`;
}

/** What an attacker may take a public key for, when it is used as an HMAC secret. */
function spellings(key: KeyObject): (string | Buffer)[] {
  const pem = key.export({ type: 'spki', format: 'pem' }).toString();
  const der = key.export({ type: 'spki', format: 'der' });
  const jwk = JSON.stringify(key.export({ format: 'jwk' }));
  const lines = [
    pem,
    pem.trim(),
    ` ${pem}`,
    `\ufeff${pem}`,
    pem.replaceAll('\n', '\r\n'),
    pem.replaceAll('\n', '\\n'),
    pem.replaceAll('\n', ''),
    '\u200b' + pem,
  ];
  return [...lines, der, der.toString('base64'), der.toString('hex'), jwk];
}

const KINDS: [
  Algorithm,
  { publicKey: KeyObject; privateKey: KeyObject },
  string | null,
  (key: KeyObject) => SignKeyObjectInput,
][] = [
  ['RS256', RSA, 'sha256', (key) => ({ key })],
  ['PS256', RSA, 'sha256', pss],
  ['ES256', P256, 'sha256', p1363],
  ['EdDSA', ED, null, (key) => ({ key })],
];
const APPS = ADAPTERS.flatMap(([name, adapter]) => KINDS.map((kind) => [name, adapter, ...kind] as const));

describe.each(APPS)('keys taken for others on %s', (_name, adapter, algorithm, pair, hash, how) => {
  let attack: TokenAttack;
  beforeAll(async () => {
    attack = await TokenAttack.start({
      adapter,
      options: { algorithm, signingKey: pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString() },
    });
  });
  afterAll(() => attack.test.close());

  it(`accepts ${algorithm} with the key, and nothing of another key`, async () => {
    await attack.expectGood(signed(attack.claims, algorithm, hash, how(pair.privateKey)));
    await attack.expectGood(signed(attack.refreshClaims, algorithm, hash, how(pair.privateKey)), 'refresh');
    const other =
      { RS256: OTHER_RSA, PS256: OTHER_RSA, ES256: OTHER_P256, EdDSA: OTHER_ED }[algorithm as string] ?? pair;
    await attack.expectBad(signed(attack.claims, algorithm, hash, how(other.privateKey)));
    await attack.expectBadRefresh(signed(attack.refreshClaims, algorithm, hash, how(other.privateKey)));
  });

  it(`refuses HMAC with the text of the public key, in every spelling, where ${algorithm} is configured`, async () => {
    for (const secret of spellings(pair.publicKey)) {
      await attack.expectBad(forge(attack.claims, { alg: 'HS256', typ: 'JWT' }, secret));
      await attack.expectBad(forge(attack.claims, { alg: algorithm, typ: 'JWT' }, secret));
      await attack.expectBadRefresh(forge(attack.refreshClaims, { alg: 'HS256', typ: 'JWT' }, secret));
    }
  });

  it(`refuses other algorithms with the very key of ${algorithm}`, async () => {
    const claims = attack.claims;
    const tokens = {
      RS256: [
        signed(claims, 'PS256', 'sha256', pss(RSA.privateKey)),
        signed(claims, 'RS384', 'sha384', RSA.privateKey),
        signed(claims, 'RS256', 'sha512', RSA.privateKey),
      ],
      PS256: [signed(claims, 'RS256', 'sha256', RSA.privateKey), signed(claims, 'PS256', 'sha256', RSA.privateKey)],
      ES256: [
        signed(claims, 'ES384', 'sha384', p1363(P256.privateKey)),
        signed(claims, 'ES256K', 'sha256', p1363(SECP256K1.privateKey)),
      ],
      EdDSA: [signed(claims, 'ES256', 'sha256', p1363(P256.privateKey))],
    }[algorithm as string];
    for (const token of tokens ?? []) await attack.expectBad(token);
  });

  it(`refuses none, zeros and rubbish as a signature where ${algorithm} is configured`, async () => {
    await attack.expectBad(`${segment({ alg: 'none' })}.${segment(attack.claims)}.`, 'token_malformed');
    for (const length of [1, 32, 63, 64, 65, 128, 255, 256, 257]) {
      await attack.expectBad(withSignature(attack.claims, algorithm, Buffer.alloc(length)));
      await attack.expectBad(withSignature(attack.claims, algorithm, Buffer.alloc(length, 0xff)));
    }
  });
});

describe.each(ADAPTERS)('signatures of an elliptic curve on %s', (_name, adapter) => {
  let attack: TokenAttack;
  beforeAll(async () => {
    attack = await TokenAttack.start({ adapter, options: { algorithm: 'ES256', signingKey: P256.privateKey } });
  });
  afterAll(() => attack.test.close());

  const hex = (number: bigint): Buffer => Buffer.from(number.toString(16).padStart(64, '0'), 'hex');

  it.each([
    ['0 and 0', 0n, 0n],
    ['0 and 1', 0n, 1n],
    ['1 and 0', 1n, 0n],
    ['the order and the order', ORDER, ORDER],
    ['the order and 1', ORDER, 1n],
    ['1 and the order', 1n, ORDER],
  ])('refuses psychic signatures: r and s are %s', async (_what, r, s) => {
    await attack.expectBad(withSignature(attack.claims, 'ES256', Buffer.concat([hex(r), hex(s)])));
  });

  it('refuses a good signature in DER', async () => {
    await attack.expectBad(signed(attack.claims, 'ES256', 'sha256', P256.privateKey));
  });

  it('knows a token by its jti: the twin of a signature does not outlive a logout', async () => {
    const { json } = await attack.test.client().login();
    const [head = '', payload = '', signature = ''] = (json.access ?? '').split('.');
    const bytes = Buffer.from(signature, 'base64url');
    const s = BigInt(`0x${bytes.subarray(32).toString('hex')}`);
    const twin = `${head}.${payload}.${segment(Buffer.concat([bytes.subarray(0, 32), hex(ORDER - s)]))}`;
    expect(twin).not.toBe(json.access);
    const client = attack.test.client();
    client.bearer = json.refresh;
    expect((await client.refresh('logout')).status).toBe(200);
    await attack.expectRefused(json.access ?? '', 'access', 'token_revoked');
    const answer = await attack.send(twin, 'GET /testapp/protect');
    expect(answer.status).toBe(401);
  });
});
