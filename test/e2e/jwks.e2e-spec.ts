import { calculateJwkThumbprint, createLocalJWKSet, createRemoteJWKSet, jwtVerify, type JSONWebKeySet } from 'jose';
import { getTokenServiceToken, JwtoModule, type JwtoModuleOptions, type TokenService } from 'jwto';
import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { ALGORITHMS, jwkOf, makeKeys } from '../support/keys.js';
import { ring, ringKey, Vault } from '../support/rings.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

const PATH = '/.well-known/jwks.json';
const PRIVATE = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k'];
const ASYMMETRIC = ALGORITHMS.filter((name) => !name.startsWith('HS'));
const PUBLIC = { RSA: ['e', 'n'], EC: ['crv', 'x', 'y'], OKP: ['crv', 'x'] };

describe.each(ADAPTERS)('the JWK Set on %s', (_name, adapter) => {
  let test: TestApp;
  async function start(options: Partial<JwtoModuleOptions>): Promise<void> {
    test = await startApp({ adapter, options });
  }
  afterEach(() => test.close());
  async function keySet(path = PATH): Promise<JSONWebKeySet> {
    const { status, json } = await test.client().get(path);
    expect(status).toBe(200);
    expect(Object.keys(json)).toEqual(['keys']);
    return json as unknown as JSONWebKeySet;
  }

  it('has the public members of every key, its name, its algorithm and its use, and no other', async () => {
    const secret = ringKey('secret');
    const open = ASYMMETRIC.map((algorithm) => ringKey(`of ${algorithm}`, algorithm));
    await start(ring(secret, ...open));
    const { keys } = await keySet();
    expect(keys.map(({ kid, alg, use }) => [kid, alg, use])).toEqual(
      ASYMMETRIC.map((algorithm) => [`of ${algorithm}`, algorithm, 'sig']),
    );
    for (const jwk of keys) {
      const members = PUBLIC[jwk.kty as keyof typeof PUBLIC];
      expect(Object.keys(jwk).sort()).toEqual([...members, 'alg', 'kid', 'kty', 'use'].sort());
      for (const name of PRIVATE) expect(jwk).not.toHaveProperty(name);
    }
    const { text } = await test.client().get(PATH);
    for (const { signingKey } of [secret, ...open]) {
      const jwk = jwkOf(signingKey) as Record<string, unknown>;
      for (const name of PRIVATE) if (typeof jwk[name] === 'string') expect(text).not.toContain(jwk[name]);
    }
  });

  it('may be kept for five minutes by anybody, and is JSON', async () => {
    await start(ring(ringKey('es', 'ES256')));
    const { headers, cookies } = await test.client().get(PATH);
    expect(headers.get('cache-control')).toBe('public, max-age=300, must-revalidate');
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(cookies).toEqual([]);
    expect((await test.client().get(`${PATH}/`)).status).toBe(200);
    expect((await test.client().send(PATH)).status).toBe(404);
    const signedIn = test.client();
    await signedIn.login();
    signedIn.bearer = 'garbage';
    expect((await signedIn.get(PATH)).status).toBe(200);
    expect(test.takeEvents()).toEqual(['jwto.logged_in']);
  });

  it.each<[string, Partial<JwtoModuleOptions>]>([
    ['a secret', {}],
    ['a ring of secrets', ring(ringKey('a'), ringKey('b', 'HS512'))],
  ])('is empty with %s', async (_what, options) => {
    await start(options);
    expect(await keySet()).toEqual({ keys: [] });
  });

  const WAYS = ASYMMETRIC.flatMap((algorithm) =>
    (['from one key', 'from a ring'] as const).map((way) => [algorithm, way] as const),
  );
  it.each(WAYS)('verifies the tokens of %s in jose, %s', async (algorithm, way) => {
    const { signing, verifying } = makeKeys(algorithm);
    const other = ringKey('other', algorithm.startsWith('ES') ? 'EdDSA' : 'ES256');
    const key = { algorithm, signingKey: signing };
    await start(way === 'from one key' ? key : ring(key, other));
    const { access } = await test.tokens.issue(test.users.named('bob'));
    const set = await keySet();
    for (const resolve of [createRemoteJWKSet(new URL(test.url + PATH)), createLocalJWKSet(set)]) {
      const { payload } = await jwtVerify(access, resolve, { algorithms: [algorithm] });
      expect(payload).toMatchObject({ type: 'access', user: { username: 'bob' } });
    }
    expect(set.keys[0]?.kid).toBe(await calculateJwkThumbprint(jwkOf(verifying), 'sha256'));
  });

  it('shows a key before it signs, and not when it has expired', async () => {
    const now = Date.now();
    const future = { ...ringKey('future', 'ES256'), notBefore: now + 600_000 };
    const ending = { ...ringKey('ending', 'ES256'), expiresAt: now + 300_000 };
    await start(ring(ringKey('now', 'EdDSA'), future, ending));
    const kids = async () => (await keySet()).keys.map(({ kid }) => kid);
    expect(await kids()).toEqual(['now', 'future', 'ending']);
    test.clock.time = now + 299_999;
    expect(await kids()).toEqual(['now', 'future', 'ending']);
    test.clock.time = now + 300_000;
    expect(await kids()).toEqual(['now', 'future']);
  });

  it('follows a function in keys', async () => {
    const vault = new Vault([ringKey('a', 'ES256')]);
    await start(vault.options);
    vault.keys = [ringKey('b', 'EdDSA'), ringKey('c')];
    await test.tokens.reloadKeys();
    expect((await keySet()).keys).toMatchObject([{ kid: 'b', kty: 'OKP', alg: 'EdDSA' }]);
  });

  it('has the keys of a process that verifies only', async () => {
    await start({ algorithm: 'ES256', signingKey: undefined, verifyingKey: makeKeys('ES256').verifying });
    expect((await keySet()).keys).toHaveLength(1);
  });

  it('can be taken away, and moved', async () => {
    await start({ ...ring(ringKey('a', 'ES256')), endpoints: { jwks: false } });
    expect((await test.client().get(PATH)).status).toBe(404);
    await test.close();
    await start({ ...ring(ringKey('a', 'ES256')), endpoints: { jwks: '/oauth/keys/' } });
    expect((await keySet('/oauth/keys')).keys).toHaveLength(1);
    expect((await test.client().get(PATH)).status).toBe(404);
  });

  it.each([
    [undefined, 404],
    [true, 404],
    ['admin/keys', 200],
  ] as const)('of a named instance is there where a path is given only (%s)', async (jwks, status) => {
    const [ours, theirs] = [ringKey('ours', 'ES256'), ringKey('theirs', 'ES256')];
    const endpoints = {
      ...Object.fromEntries(
        (['login', 'validateAccess', 'csrf', 'sessions'] as const).map((name) => [name, `admin/${name.toLowerCase()}`]),
      ),
      ...(jwks !== undefined && { jwks }),
    };
    const named: JwtoModuleOptions = { name: 'admin', ...ring(theirs), refreshCookiePath: 'admin/refresh', endpoints };
    test = await startApp({
      adapter,
      options: ring(ours),
      metadata: {
        imports: [
          JwtoModule.forRoot({
            ...named,
            users: { useValue: new TestUsers() },
          }),
        ],
      },
    });
    expect((await keySet()).keys.map(({ kid }) => kid)).toEqual(['ours']);
    const { status: given, json } = await test.client().get('/admin/keys');
    expect(given).toBe(status);
    if (status === 200) expect(json['keys']).toMatchObject([{ kid: 'theirs' }]);
    const tokens = test.app.get<TokenService>(getTokenServiceToken('admin'));
    const { access } = await tokens.issue(test.users.named('bob'));
    await expect(test.tokens.verify(access)).rejects.toMatchObject({ code: 'token_invalid' });
  });
});
