import { createHash, createHmac, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { JwtoModuleOptions, RingKey } from 'jwto';
import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { AUDIENCE } from '../support/fake-issuer.js';
import { jwkOf } from '../support/keys.js';
import { Vault, ring, ringKey } from '../support/rings.js';
import { refusalOf, startError, wrongSettings } from '../support/startup.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { standing } from '../support/two-apps.js';

let apps: TestApp[] = [];
afterEach(async () => {
  for (const app of apps.splice(0)) await app.close();
  apps = [];
});
async function start(options: Partial<JwtoModuleOptions>, adapter = ADAPTERS[0]?.[1]): Promise<TestApp> {
  const app = await startApp({ ...(adapter && { adapter }), options });
  apps.push(app);
  return app;
}

describe.each(ADAPTERS)('an rsa-pss key on %s', (_name, adapter) => {
  const plain = generateKeyPairSync('rsa-pss', { modulusLength: 2048 });
  // A number, which @types/node takes for text.
  const saltLength = 32 as unknown as string;
  const parameters = { hashAlgorithm: 'sha256', mgf1HashAlgorithm: 'sha256', saltLength };
  const bound = generateKeyPairSync('rsa-pss', { modulusLength: 2048, ...parameters });
  it.each([
    ['without parameters', plain],
    ['with those of PS256', bound],
  ])('%s signs, verifies, and is in the JWK Set', async (_what, { privateKey }) => {
    const options = { algorithm: 'PS256', signingKey: privateKey, iss: 'https://a.example', aud: AUDIENCE } as const;
    const test = await start(options, adapter);
    const client = test.client();
    expect((await client.login()).status).toBe(200);
    expect((await client.get('/testapp/protect')).text).toBe('worked!');
    const { keys } = (await client.get('/.well-known/jwks.json')).json as {
      keys: { kid: string; e: string; n: string }[];
    };
    expect(keys).toEqual([
      { kty: 'RSA', n: expect.any(String), e: 'AQAB', kid: expect.any(String), alg: 'PS256', use: 'sig' },
    ]);
    const [key] = keys;
    const thumb = JSON.stringify({ e: key?.e, kty: 'RSA', n: key?.n });
    expect(key?.kid).toBe(createHash('sha256').update(thumb).digest('base64url'));
    // A reader of the set verifies with it.
    const jwksUri = `${test.url}/.well-known/jwks.json`;
    const trusted = { issuer: 'https://a.example', audience: AUDIENCE, algorithms: ['PS256' as const], jwksUri };
    const reader = await start({ issuers: [trusted] }, adapter);
    expect(await standing(reader.tokens, { access: client.bearer ?? '' })).toBe('ok');
  });

  it('for another hash is refused at the start', async () => {
    const { privateKey } = generateKeyPairSync('rsa-pss', {
      modulusLength: 2048,
      ...parameters,
      hashAlgorithm: 'sha512',
    });
    expect(await wrongSettings({ algorithm: 'PS256', signingKey: privateKey })).not.toEqual([]);
  });
});

describe('a secret as a JWK', () => {
  const k = randomBytes(32).toString('base64url');
  it.each([
    ['of padded base64', `${k}=`],
    ['of other characters', `!!!${k}`],
    ['of a passphrase', 'correct horse battery staple correct horse battery staple'],
    ['with bits that nothing reads', `${k.slice(0, -1)}B`],
    ['of base64 with + and /', randomBytes(33).toString('base64').replace(/^./, '+')],
  ])('%s is refused, and not shown', async (_what, text) => {
    const error = await refusalOf({ signingKey: { kty: 'oct', k: text } });
    expect(error.problems.map(({ setting }) => setting)).toEqual(['signingKey']);
    expect(error.message).not.toContain(text.slice(0, 12));
  });

  it('in its one spelling signs', async () => {
    const test = await start({ signingKey: { kty: 'oct', k } });
    expect((await test.client().login()).status).toBe(200);
  });
});

describe('a ring', () => {
  const key = ringKey('a', 'ES256');
  const edwards = ringKey('ed', 'EdDSA');
  const twins: [string, RingKey[]][] = [
    ['under two names', [key, { ...key, kid: 'b' }]],
    ['under a name and by its thumbprint', [key, { ...key, kid: undefined }]],
    ['once to verify only', [key, { kid: 'b', algorithm: 'ES256', verifyingKey: publicOf(key) }]],
    ['as EdDSA and as Ed25519', [edwards, { ...edwards, kid: 'b', algorithm: 'Ed25519' }]],
  ];
  it.each(twins)('with one key twice, %s, is refused', async (_what, keys) => {
    expect(await wrongSettings({ signingKey: undefined, keys })).toEqual([expect.stringMatching(/^keys\[1\]/)]);
  });

  const past = '2020-01-01T00:00:00Z';
  it('of expired keys alone stops the start, also one that a function gives', async () => {
    const expired = [key, ringKey('b', 'ES256')].map((one) => ({ ...one, expiresAt: past }));
    for (const options of [ring(...expired), new Vault(expired).options]) {
      const error = await startError(() => start(options));
      expect(error.message).toMatch(/keys.*expired/);
    }
    const good = await start(ring({ ...key, expiresAt: past }, ringKey('b', 'ES256')));
    expect((await good.client().login()).status).toBe(200);
  });
});

function publicOf({ signingKey }: { signingKey: Parameters<typeof jwkOf>[0] }): RingKey['verifyingKey'] {
  const { kty, crv, x, y } = jwkOf(signingKey);
  return { kty, crv, x, y } as RingKey['verifyingKey'];
}

describe('the name of a secret', () => {
  it('is a keyed hash, of which no plain one of the secret can be made', async () => {
    const secret = randomBytes(32);
    const test = await start(ring({ algorithm: 'HS256', signingKey: secret }));
    const { access } = await test.tokens.issue(test.users.named('bob'));
    const { kid } = test.tokens.decode(access).header;
    const bare = JSON.stringify({ k: secret.toString('base64url'), kty: 'oct' });
    expect(kid).not.toBe(createHash('sha256').update(bare).digest('base64url'));
    expect(kid).toBe(createHmac('sha256', secret).update('jwto kid').digest('base64url'));
    // One key without a ring knows its own.
    const single = await start({ signingKey: secret });
    expect(await standing(single.tokens, { access })).toBe('ok');
  });
});

describe('EdDSA and Ed25519', () => {
  const { signingKey } = ringKey('ed', 'EdDSA');
  it.each([
    ['EdDSA', 'Ed25519'],
    ['Ed25519', 'EdDSA'],
  ] as const)('are one: what %s signed goes on under %s, here and at readers of the JWK Set', async (before, after) => {
    const common = { signingKey, iss: 'https://a.example', aud: AUDIENCE };
    const first = await start({ ...common, algorithm: before });
    const old = await first.tokens.issue(first.users.named('bob'));
    const second = await start({ ...common, algorithm: after });
    expect(await standing(second.tokens, { access: old.access })).toBe('ok');
    const jwksUri = `${second.url}/.well-known/jwks.json`;
    for (const algorithm of [before, after]) {
      const issuers = [{ issuer: 'https://a.example', audience: AUDIENCE, algorithms: [algorithm], jwksUri }];
      const reader = await start({ issuers });
      for (const { access } of [old, await second.tokens.issue(second.users.named('bob'))]) {
        expect(await standing(reader.tokens, { access })).toBe('ok');
      }
    }
  });
});
