import { createSecretKey, randomBytes } from 'node:crypto';
import {
  JwtoSession,
  type ClaimsProvider,
  type JwtoModuleOptions,
  type KeyResolver,
  type ResolvedKey,
  type UnverifiedToken,
} from 'jwto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Client } from '../support/client.js';
import { DATABASES, type TestDatabase } from '../support/databases.js';
import { claimsOf, type Members } from '../support/forge.js';
import { signAs } from '../support/rings.js';
import { startApp, type TestApp } from '../support/test-app.js';
import type { TestUser } from '../support/users.js';

const HEADER = { alg: 'HS256', typ: 'JWT' };
const REFRESH = '/api/token/refresh';

/** `admin` is of tenant A, `bob` of tenant B, and `alice` of none. */
let tenants: Record<string, string | undefined>;
let secrets: Record<string, string>;
const claims = {
  useValue: { claims: ({ username }: TestUser) => ({ tenant: tenants[username] }) } as unknown as ClaimsProvider,
};
const byTenant = ({ unverifiedClaims: { tenant } }: UnverifiedToken): ResolvedKey | undefined => {
  const secret = typeof tenant === 'string' ? secrets[tenant] : undefined;
  return secret === undefined ? undefined : { key: { algorithm: 'HS256', signingKey: secret }, claims: { tenant } };
};
let test: TestApp;
beforeEach(() => {
  tenants = { admin: 'a', bob: 'b' };
  secrets = { a: randomBytes(32).toString('base64url'), b: randomBytes(32).toString('base64url') };
});
afterEach(() => test.close());

const options = (more: Partial<JwtoModuleOptions> = {}): Partial<JwtoModuleOptions> => ({
  claims,
  mode: ['JSON', 'TWO-COOKIES'],
  resolveKey: byTenant,
  ...more,
});
const signed = (payload: Members, tenant = 'a'): string =>
  signAs(payload, HEADER, createSecretKey(secrets[tenant] ?? '', 'utf8'));
const bearer = (token: string | undefined): Client => {
  const client = test.client();
  client.bearer = token;
  return client;
};
const sids = async (client: Client): Promise<unknown[]> => {
  const { sessions } = (await client.get('/sessions/')).json as { sessions?: { sid: string }[] };
  return (sessions ?? []).map(({ sid }) => sid);
};

/** Somebody signed in, in JSON, and what the holder of tenant A's key makes of the tokens. */
interface Victim {
  sid: string;
  access: string;
  refresh: string;
  forgedAccess: string;
  forgedRefresh: string;
}
async function victim(username: string): Promise<Victim> {
  const { access = '', refresh = '' } = (await test.client().login(username)).json;
  const [own, ownRefresh] = [claimsOf(access), claimsOf(refresh)];
  return {
    sid: String(own['sid']),
    access,
    refresh,
    forgedAccess: signed({ ...own, tenant: 'a' }),
    forgedRefresh: signed({ ...ownRefresh, tenant: 'a', jti: 'any.0' }),
  };
}
async function expectUntouched({ sid, access, refresh }: Victim): Promise<void> {
  expect(await sids(bearer(access))).toEqual([sid]);
  expect((await bearer(access).get('/testapp/protect')).text).toBe('worked!');
  expect((await bearer(refresh).refresh('validate_refresh')).json).toEqual({ msg: 'Token is valid' });
}

const CASES = ADAPTERS.flatMap(([name, adapter]) =>
  (['bob', 'alice'] as const).map((username) => [username, name, adapter] as const),
);
describe.each(CASES)(
  'the key of one tenant, and %s, whom another key speaks for, on %s',
  (username, _name, adapter) => {
    let other: Victim;
    let own: Members;
    beforeEach(async () => {
      test = await startApp({ adapter, options: options() });
      other = await victim(username);
      own = claimsOf((await test.client().login('admin', 'abc123')).json.access);
      test.takeEvents();
    });
    afterEach(async () => {
      await expectUntouched(other);
    });
    /** Claims of the other's, of a session of one's own. */
    const borrowed = (): string => signed({ ...claimsOf(other.access), tenant: 'a', sid: own['sid'], jti: own['jti'] });

    it('lists and ends no session of the other', async () => {
      for (const token of [other.forgedAccess, borrowed()]) {
        expect(await sids(bearer(token))).toEqual([]);
        const revoked = await bearer(token).send('/sessions/revoke/', { json: { sid: other.sid } });
        expect([revoked.status, revoked.json.code]).toEqual([404, 'session_not_found']);
        expect((await bearer(token).send('/sessions/revoke_others/')).json['revoked']).toBe(0);
      }
      expect(test.takeEvents()).toEqual([]);
    });

    it('signs nobody out by either verb, also where the true token comes behind it', async () => {
      for (const token of [other.forgedAccess, other.forgedRefresh]) {
        const posted = await bearer(token).refresh('logout');
        expect([posted.status, posted.json.code]).toEqual([409, 'already_blacklisted']);
        expect((await bearer(token).refresh('logout', { method: 'DELETE' })).status).toBe(204);
      }
      expect(test.takeEvents()).toEqual([]);
    });

    it('refreshes nothing, and is no reuse', async () => {
      const current = signed({ ...claimsOf(other.refresh), tenant: 'a' });
      for (const token of [other.forgedRefresh, current]) {
        for (const endpoint of ['validate_refresh', 'refresh_access', 'update_refresh']) {
          const refused = await bearer(token).refresh(endpoint);
          expect([refused.status, refused.json.code], endpoint).toEqual([401, 'token_revoked']);
        }
        expect((await bearer(token).get('/testapp/refresh_only')).json.code).toBe('token_revoked');
        for (const use of ['refresh', 'updateRefresh'] as const) {
          await expect(test.tokens[use](token)).rejects.toMatchObject({ code: 'token_revoked' });
        }
        await expect(test.tokens.verify(token, { type: 'refresh' })).rejects.toMatchObject({ code: 'token_revoked' });
      }
      expect(test.takeEvents()).toEqual([]);
    });

    it('revokes no token of the other, by its session or by its jti', async () => {
      for (const token of [other.forgedAccess, other.forgedRefresh]) {
        expect(await test.tokens.revokeToken(token)).toBe(false);
      }
      expect(test.takeEvents()).toEqual([]);
      // A session of one's own, and the jti of the other.
      const { jti } = claimsOf(other.access);
      expect(await test.tokens.revokeToken(signed({ ...own, jti }))).toBe(true);
    });

    it('ends no session at a login, and gets no CSRF token for one', async () => {
      for (const token of [other.forgedAccess, other.forgedRefresh]) {
        const browser = test.client();
        const headers = { cookie: `jwt_access_token=${token}; jwt_refresh=${token}`, origin: test.url };
        const json = { username: 'admin', password: 'abc123', mode: 'TWO-COOKIES' };
        expect((await browser.send('/login/', { json, headers })).status).toBe(200);
        const answer = await test.client().get('/csrf/', { cookie: `jwt_access_token=${token}` });
        expect([answer.status, answer.cookies]).toEqual([401, []]);
      }
      expect(new Set(test.takeEvents())).toEqual(new Set(['jwto.logged_in']));
    });

    it('cannot pass for the other session in a jar that has its cookie too', async () => {
      const cookie = `jwt_access_token=${other.access}; jwt_access_token=${other.forgedAccess}`;
      expect((await test.client().get('/testapp/protect', { cookie })).json.code).toBe('request_invalid');
    });

    it('does what it may to the sessions of its own tenant', async () => {
      const admin = bearer((await test.client().login('admin', 'abc123')).json.access);
      const all = await sids(admin);
      expect(all).toHaveLength(2);
      expect((await admin.send('/sessions/revoke/', { json: { sid: own['sid'] } })).status).toBe(200);
      const { access, refresh } = (await test.client().login('admin', 'abc123')).json;
      expect((await admin.send('/sessions/revoke_others/')).json['revoked']).toBe(1);
      expect((await bearer(access).get('/testapp/protect')).json.code).toBe('token_revoked');
      expect((await bearer(refresh).refresh('refresh_access')).json.code).toBe('token_revoked');
      expect((await admin.refresh('logout')).json).toEqual({ msg: 'Token successfully blacklisted.' });
    });
  },
);

describe.each(ADAPTERS)('a log-out with a planted cookie on %s', (_name, adapter) => {
  it('ends the session of the true one', async () => {
    test = await startApp({ adapter, options: options() });
    const browser = test.client();
    await browser.login('bob', 'pass', { mode: 'TWO-COOKIES' });
    const token = browser.cookie('jwt_refresh') ?? '';
    const planted = signed({ ...claimsOf(token), tenant: 'a' });
    const cookie = `jwt_refresh=${planted}; jwt_refresh=${token}; csrftoken=${browser.cookie('csrftoken') ?? ''}`;
    const client = test.client();
    const headers = { cookie, ...browser.csrf() };
    expect((await client.send(`${REFRESH}/logout/`, { headers })).json).toEqual({
      msg: 'Token successfully blacklisted.',
    });
    expect(test.events.at(-1)).toMatchObject({ name: 'jwto.blacklisted', event: { userId: '2' } });
  });
});

describe.each(DATABASES.map((database) => [database.name, database] as const))(
  'a session and its key on %s',
  (_name, database: TestDatabase) => {
    const keyRealms = async (): Promise<(string | null)[]> =>
      (await test.dataSource.getRepository(JwtoSession).find({ order: { signedInAt: 'ASC' } })).map(
        ({ keyRealm }) => keyRealm,
      );
    const start = async (more: Partial<JwtoModuleOptions> = {}): Promise<void> => {
      test = await startApp({ database, options: options(more) });
    };

    it('belong together: of each tenant one, of the ring none, whatever the order of what resolveKey says', async () => {
      let turn = false;
      await start({
        resolveKey: (token) => {
          const given = byTenant(token);
          if (given === undefined) return undefined;
          const { tenant } = given.claims;
          const { type } = token.unverifiedClaims;
          turn = !turn;
          return { key: given.key, claims: turn ? { tenant, type, user: {} } : { user: {}, type, tenant } };
        },
      });
      for (const username of ['admin', 'admin', 'bob', 'alice']) {
        await test.tokens.issue(test.users.named(username));
        test.clock.advance(1);
      }
      const [first, again, bob, alice] = await keyRealms();
      expect([again, alice]).toEqual([first, null]);
      expect(first).toMatch(/^[\w-]{43}$/);
      expect(bob).toMatch(/^[\w-]{43}$/);
      expect(bob).not.toBe(first);
    });

    it('part where its user goes to another tenant: the session ends at its next refresh', async () => {
      await start();
      const { refresh } = (await test.client().login('bob')).json;
      tenants['bob'] = 'a';
      const refused = await bearer(refresh).refresh('refresh_access');
      expect([refused.status, refused.json.code]).toEqual([401, 'token_revoked']);
      expect(test.events.at(-1)).toMatchObject({
        name: 'jwto.session_revoked',
        event: { userId: '2', reason: 'key_realm_changed' },
      });
    });

    it.each([true, false])('come together where a tenant gets its key later, with rotation %s', async (rotation) => {
      const { b = '' } = secrets;
      delete secrets['b'];
      // A token of before has no kid; what is signed has no header yet.
      const resolveKey: KeyResolver = (token) => {
        const isOld = token.unverifiedHeader['alg'] !== undefined && token.unverifiedHeader['kid'] === undefined;
        const given = isOld ? undefined : byTenant(token);
        return given && { ...given, key: { ...given.key, kid: 'b' } };
      };
      await start({ resolveKey, rotation });
      const { refresh, access } = (await test.client().login('bob')).json;
      expect(await keyRealms()).toEqual([null]);
      secrets['b'] = b;
      const tabs = await Promise.all([1, 2, 3].map(() => bearer(refresh).refresh('refresh_access')));
      expect(tabs.map(({ status }) => status)).toEqual([200, 200, 200]);
      expect((await keyRealms())[0]).toMatch(/^[\w-]{43}$/);
      const fresh = tabs[0]?.json ?? {};
      expect(await sids(bearer(fresh.access))).toHaveLength(1);
      // The ring's token of before says of a session that is the tenant's no more than that it was issued for it.
      expect(await sids(bearer(access))).toEqual([]);
      test.clock.advance(11);
      expect((await bearer(fresh.refresh).refresh('refresh_access')).status).toBe(200);
      const late = await bearer(refresh).refresh('refresh_access');
      expect(late.json.code).toBe(rotation ? 'token_reused' : undefined);
    });

    it('may be of the tenant for the access token alone', async () => {
      await start({
        resolveKey: (token) => (token.unverifiedClaims['type'] === 'access' ? byTenant(token) : undefined),
      });
      const { access, refresh } = (await test.client().login('bob')).json;
      expect(await sids(bearer(access))).toHaveLength(1);
      expect((await bearer(refresh).refresh('refresh_access')).status).toBe(200);
      expect((await bearer(refresh).refresh('logout')).json).toEqual({ msg: 'Token successfully blacklisted.' });
    });

    it('are not of two tenants: nothing is signed', async () => {
      await start({
        resolveKey: ({ unverifiedClaims: { type } }) => ({
          key: { algorithm: 'HS256', signingKey: secrets['a'] },
          claims: { type, user: { username: 'bob', ...(type === 'refresh' && { id: 2 }) } },
        }),
      });
      expect((await test.client().login('bob')).json.code).toBe('store_unavailable');
      expect(await keyRealms()).toEqual([]);
    });
  },
);
