import type { Server } from 'node:http';
import { Injectable, Module } from '@nestjs/common';
import { ClaimsProvider, type ClaimsContext, type JwtoModuleOptions } from 'jwto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { startApp, type TestApp } from '../support/test-app.js';
import type { TestUser } from '../support/users.js';

@Injectable()
class Tenants {
  async tenantOf(user: TestUser): Promise<string> {
    await new Promise((resolve) => setTimeout(resolve, 5));
    return `tenant-of-${user.username}`;
  }
}

@Module({ providers: [Tenants], exports: [Tenants] })
class TenantsModule {}

@Injectable()
class TenantClaims extends ClaimsProvider<TestUser> {
  constructor(private readonly tenants: Tenants) {
    super();
  }

  override async claims(user: TestUser, { type, sid }: ClaimsContext): Promise<Record<string, unknown>> {
    return { tenant: await this.tenants.tenantOf(user), for: type, of: sid, user: { email: user.email } };
  }
}

/** A claims provider that returns what a test says. */
function claims(give: (user: TestUser, context: ClaimsContext) => unknown): JwtoModuleOptions['claims'] {
  return { useValue: { claims: give } as unknown as ClaimsProvider };
}

let test: TestApp;
afterEach(() => test.close());

describe('a ClaimsProvider', () => {
  it.each<[string, JwtoModuleOptions['claims']]>([
    ['a class with dependencies', TenantClaims],
    [
      'an async factory with dependencies',
      { useFactory: (tenants: Tenants) => Promise.resolve(new TenantClaims(tenants)), inject: [Tenants] },
    ],
  ])('adds claims to both tokens, and email to the user: %s', async (_way, provider) => {
    test = await startApp({ options: { imports: [TenantsModule], claims: provider } });
    const client = test.client();
    const { json } = await client.login();
    const user = { id: 1, username: 'alice', perms: [], email: 'alice@djwto.com' };
    expect((await client.get('/testapp/claims')).json).toMatchObject({
      tenant: 'tenant-of-alice',
      for: 'access',
      user,
    });
    const refresh = test.tokens.decode(json.refresh ?? '').payload;
    expect(refresh).toMatchObject({ tenant: 'tenant-of-alice', for: 'refresh', of: refresh['sid'], user });
    expect((await client.get('/testapp/user')).json).toEqual({ user, username: 'alice' });
  });

  it('is asked anew at every refresh, as is the user', async () => {
    let count = 0;
    test = await startApp({ options: { claims: claims(() => ({ count: ++count })) } });
    const { refresh } = await test.tokens.issue(test.users.named('bob'));
    test.users.named('bob').perms = ['perm7'];
    test.users.named('bob').username = 'robert';
    const { accessClaims } = await test.tokens.refresh(refresh);
    expect(accessClaims['count']).toBeGreaterThan(2);
    expect(accessClaims.user).toEqual({ id: 2, username: 'robert', perms: ['perm7'] });
  });

  it('cannot set what is reserved, and may set the rest', async () => {
    const names = ['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sid', 'type', 'refresh_iat', 'auth_time'];
    const forged = Object.fromEntries(names.map((name) => [name, 'forged']));
    const user = { id: 99, username: 'someone', perms: ['extra'], email: 'e' };
    test = await startApp({ options: { claims: claims(() => ({ ...forged, user, aux: 1, __proto__: null })) } });
    const { access, refresh, accessClaims } = await test.tokens.issue(test.users.named('bob'));
    for (const token of [access, refresh])
      expect(JSON.stringify(test.tokens.decode(token).payload)).not.toContain('forged');
    expect(accessClaims).toMatchObject({ sub: '2', aux: 1, user: { ...user, id: 2 } });
    expect(accessClaims).not.toHaveProperty('iss');
    expect(await test.tokens.verify(access)).toEqual(accessClaims);
  });

  it.each([null, undefined, {}, { user: null }, { user: [] }, { user: 'x' }, { gone: undefined }])(
    'may return %j',
    async (value) => {
      test = await startApp({ options: { claims: claims(() => value) } });
      const { accessClaims } = await test.tokens.issue(test.users.named('bob'));
      expect(accessClaims.user).toEqual({ id: 2, username: 'bob', perms: ['perm1'] });
    },
  );

  // jsonwebtoken's sign() throws for each of them.
  it.each(Object.getOwnPropertyNames(Object.prototype).filter((name) => name !== '__proto__'))(
    'may return a claim that is named %s',
    async (name) => {
      test = await startApp({ options: { claims: claims(() => ({ [name]: 'x', aux: 1 })) } });
      const { access } = await test.tokens.issue(test.users.named('bob'));
      expect(Object.entries(await test.tokens.verify(access))).toEqual(
        expect.arrayContaining([
          [name, 'x'],
          ['aux', 1],
        ]),
      );
    },
  );

  it('makes no prototype of what it returns', async () => {
    const nasty = JSON.parse('{"__proto__": {"admin": true}, "user": {"__proto__": {"admin": true}}}') as object;
    test = await startApp({ options: { claims: claims(() => nasty) } });
    const { access } = await test.tokens.issue(test.users.named('bob'));
    const verified = await test.tokens.verify(access);
    expect([verified['admin'], verified.user['admin'], ({} as { admin?: unknown }).admin]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

const circular: Record<string, unknown> = {};
circular['self'] = circular;
const BAD: [string, () => unknown][] = [
  [
    'throws',
    () => {
      throw new Error('no tenant');
    },
  ],
  // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what an application may do
  ['rejects with nothing', () => Promise.reject(undefined)],
  ['rejects', () => Promise.reject(new Error('no tenant'))],
  ['returns a BigInt', () => ({ big: 1n })],
  ['returns a circle', () => circular],
  ['returns an array', () => ['a']],
  ['returns a text', () => 'claims'],
  ['returns a number', () => 7],
  [
    'has a toJSON that throws',
    () => ({
      toJSON: () => {
        throw new Error('no');
      },
    }),
  ],
];

describe('a ClaimsProvider that fails', () => {
  it.each(BAD)('is answered with 503, and nothing is issued, written or changed: %s', async (_how, fail) => {
    let failing = false;
    test = await startApp({ options: { claims: claims(() => (failing ? fail() : {})), mode: ['JSON', 'ONE-COOKIE'] } });
    const { json } = await test.client().login('bob');
    const before = await rows(test);
    test.takeEvents();
    failing = true;
    for (const mode of ['JSON', 'ONE-COOKIE']) {
      const login = await test.client().login('alice', 'pass', { mode });
      expect(login.json).toEqual({ statusCode: 503, error: expect.any(String), code: 'store_unavailable' });
      expect(login.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(login.cookies).toEqual([]);
      expect(login.text).not.toMatch(/tenant|big/);
    }
    const client = test.client();
    client.bearer = json.refresh;
    for (const endpoint of ['refresh_access', 'update_refresh']) {
      expect((await client.refresh(endpoint)).json.code).toBe('store_unavailable');
    }
    expect(test.takeEvents()).toEqual(['jwto.login_failed', 'jwto.login_failed']);
    expect(await rows(test)).toEqual(before);
    failing = false;
    expect((await client.refresh('refresh_access')).status).toBe(200);
  });

  it('that hangs holds nobody else up', async () => {
    const hang = vi.fn(() => new Promise(() => undefined));
    test = await startApp({ options: { claims: claims((user) => (user.username === 'bob' ? hang() : {})) } });
    const hanging = test
      .client()
      .login('bob')
      .catch((error: unknown) => error);
    await vi.waitFor(() => {
      expect(hang).toHaveBeenCalled();
    });
    expect((await test.client().login('alice')).status).toBe(200);
    (test.app.getHttpServer() as Server).closeAllConnections();
    await hanging;
  });
});

async function rows({ dataSource }: TestApp): Promise<unknown> {
  return Promise.all(['jwto_session', 'jwto_blocklist'].map((table) => dataSource.query(`SELECT * FROM ${table}`)));
}
