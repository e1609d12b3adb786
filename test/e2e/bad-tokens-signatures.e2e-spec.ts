import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EncryptJWT, SignJWT } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { forge, HEADER, hmac, segment, without, type Members } from '../support/forge.js';
import { SIGNING_KEY } from '../support/test-app.js';
import { TokenAttack } from '../support/token-attack.js';

const OTHER_KEY = 'another-signing-key-of-32-bytes-and-more';
const secret = (text = SIGNING_KEY): Uint8Array => Buffer.from(text);

describe.each(ADAPTERS)('headers and signatures on %s, with HS256', (_name, adapter) => {
  let attack: TokenAttack;
  beforeAll(async () => {
    attack = await TokenAttack.start({ adapter });
  });
  afterAll(() => attack.test.close());

  it('accepts what jose signs with the key', async () => {
    await attack.expectGood(await new SignJWT(attack.claims).setProtectedHeader(HEADER).sign(secret()));
  });

  it.each([
    'none',
    'None',
    'NONE',
    'nOnE',
    'none ',
    '',
    ' ',
    'hs256',
    'Hs256',
    'HS256 ',
    ' HS256',
    'HS256\u0000',
    'HS384',
    'HS512',
    'RS256',
    'ES256',
    'EdDSA',
    'Ed25519',
    'ES256K',
    'dir',
    'A256KW',
    '__proto__',
    'constructor',
    'toString',
    'undefined',
    'null',
    null,
    true,
    0,
    256,
    [],
    ['HS256'],
    {},
    { HS256: true },
  ])('refuses the alg %j, signed with HMAC-SHA256 or not at all', async (alg) => {
    const header = { alg, typ: 'JWT' };
    await attack.expectBad(forge(attack.claims, header));
    await attack.expectBadRefresh(forge(attack.refreshClaims, header));
    const input = `${segment(header)}.${segment(attack.claims)}`;
    await attack.expectBad(`${input}.`, 'token_malformed');
    await attack.expectBad(`${input}.AA`);
    await attack.expectBad(`${input}.${segment(Buffer.alloc(32))}`);
  });

  it('refuses a header without an alg of its own', async () => {
    await attack.expectBad(forge(attack.claims, { typ: 'JWT' }));
    await attack.expectBad(forge(attack.claims, {}));
    await attack.expectBad(forge(attack.claims, '{"__proto__":{"alg":"HS256"}}'));
    await attack.expectBad(forge(attack.claims, '{"\\u0061lg ":"HS256"}'));
  });

  it.each([
    ['HS384', 'sha384'],
    ['HS512', 'sha512'],
  ])('refuses %s with the very secret', async (alg, hash) => {
    const input = `${segment({ ...HEADER, alg })}.${segment(attack.claims)}`;
    await attack.expectBad(`${input}.${hmac(input, SIGNING_KEY, hash)}`);
    const plain = `${segment(HEADER)}.${segment(attack.claims)}`;
    await attack.expectBad(`${plain}.${hmac(plain, SIGNING_KEY, hash)}`);
  });

  it.each([
    '',
    ' ',
    'secret',
    OTHER_KEY,
    SIGNING_KEY.trimEnd().slice(0, -1),
    `${SIGNING_KEY}\n`,
    `${SIGNING_KEY} `,
    'null',
    'undefined',
  ])('refuses the secret %j', async (key) => {
    await attack.expectBad(forge(attack.claims, HEADER, key));
    await attack.expectBadRefresh(forge(attack.refreshClaims, HEADER, key));
  });

  it('refuses signatures of another length, and the signature of another token', async () => {
    const input = `${segment(HEADER)}.${segment(attack.claims)}`;
    const good = Buffer.from(hmac(input), 'base64url');
    for (const bytes of [
      good.subarray(0, 31),
      good.subarray(0, 1),
      good.subarray(0, 16),
      Buffer.concat([good, good]),
      Buffer.concat([good, Buffer.of(0)]),
    ]) {
      await attack.expectBad(`${input}.${segment(bytes)}`);
    }
    await attack.expectBad(`${input}.${attack.refresh.split('.')[2] ?? ''}`);
    await attack.expectBad(`${attack.access.split('.', 2).join('.')}.${attack.refresh.split('.')[2] ?? ''}`);
  });

  it.each([
    { crit: ['exp'] },
    { crit: [] },
    { crit: null },
    { crit: ['b64'], b64: true },
    { crit: ['b64'], b64: false },
    { b64: true },
    { b64: false },
    { b64: null },
  ])('refuses the header members %j, even well-signed', async (members) => {
    await attack.expectBad(forge(attack.claims, { ...HEADER, ...members }));
  });

  it('refuses an unencoded payload', async () => {
    const header = segment({ ...HEADER, b64: false, crit: ['b64'] });
    const text = JSON.stringify(attack.claims);
    await attack.expectBad(`${header}..${hmac(`${header}.${text}`)}`, 'token_malformed');
  });

  it.each([
    '',
    'key',
    '../../../../dev/null',
    '/dev/null',
    "' UNION SELECT 'secret' --",
    '__proto__',
    'constructor',
    'x'.repeat(2000),
    '\u0000',
    0,
    null,
    [],
    {},
  ])('refuses the kid %j with any key', async (kid) => {
    for (const key of ['', 'secret', SIGNING_KEY])
      await attack.expectBad(forge(attack.claims, { ...HEADER, kid }, key));
  });

  it.each(['at+jwt', 'refresh+jwt', 'dpop+jwt', 'application/at+jwt', 'JWE', '', 1, null, ['JWT'], {}])(
    'refuses the typ %j',
    async (typ) => {
      await attack.expectBad(forge(attack.claims, { ...HEADER, typ }));
    },
  );

  it('accepts a token without a typ, and JWT in any case', async () => {
    await attack.expectGood(forge(attack.claims, without(HEADER, 'typ')));
    await attack.expectGood(forge(attack.claims, { ...HEADER, typ: 'jwt' }));
  });

  it('takes no key from a token, and opens no connection to find one', async () => {
    let hits = 0;
    const jwk = { kty: 'oct', k: segment(OTHER_KEY), alg: 'HS256' };
    const listener = createServer((_request, response) => {
      hits += 1;
      response.setHeader('content-type', 'application/json').end(JSON.stringify({ keys: [jwk] }));
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    const url = `http://127.0.0.1:${String((listener.address() as AddressInfo).port)}/jwks`;
    const members: Members[] = [
      { jwk },
      { jku: url },
      { x5u: url },
      { x5c: [segment(OTHER_KEY)] },
      { jku: url, kid: 'a' },
      { jwk, jku: url, x5t: 'a' },
    ];
    for (const more of members) await attack.expectBad(forge(attack.claims, { ...HEADER, ...more }, OTHER_KEY));
    await attack.send(forge(attack.claims, { ...HEADER, jku: url, x5u: url }), 'GET /testapp/protect');
    await new Promise((resolve) => listener.close(resolve));
    expect(hits).toBe(0);
  });

  it('refuses an encrypted token with our own secret, without any work on it', async () => {
    const direct = await new EncryptJWT(attack.claims)
      .setProtectedHeader({ alg: 'dir', enc: 'A128CBC-HS256' })
      .encrypt(secret().subarray(0, 32));
    await attack.expectBad(direct, 'token_malformed');
    const header = {
      alg: 'PBES2-HS512+A256KW',
      enc: 'A256GCM',
      p2c: 2_000_000_000,
      p2s: segment('salt'),
      zip: 'DEF',
    };
    const started = performance.now();
    const parts = ['key', 'iv', 'text', 'tag'].map(segment).join('.');
    await attack.expectBad(`${segment(header)}.${parts}`, 'token_malformed');
    await attack.expectBad(forge(attack.claims, header));
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  it('has none of it changed what the good tokens are worth', async () => {
    await attack.expectGood(attack.access);
    await attack.expectGood(attack.refresh, 'refresh');
  });
});
