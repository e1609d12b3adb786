import {
  JwtoBlocklistEntry,
  JwtoError,
  JwtoSession,
  type IssuedTokens,
  type JwtoErrorCode,
  type JwtoEventName,
} from 'jwto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DATABASES } from '../support/databases.js';
import { forge } from '../support/forge.js';
import { startApp, type TestApp } from '../support/test-app.js';

const DAY = 86_400;
const GRACE = 10;
const REUSE: readonly JwtoEventName[] = ['jwto.refresh_reused', 'jwto.session_revoked'];

type Prepare = (test: TestApp, tokens: IssuedTokens) => string | Promise<string>;
const sessions = (test: TestApp) => test.dataSource.getRepository(JwtoSession);
const refreshed = async (test: TestApp, token: string, seconds: number): Promise<string> => {
  const { refresh } = await test.tokens.refresh(token);
  test.clock.advance(seconds);
  return refresh;
};

/** How the token stands, how that comes about, and the one answer. */
const STATES: [string, JwtoErrorCode | 'accepted', Prepare][] = [
  ['current, and never replaced', 'accepted', (_test, { refresh }) => refresh],
  ['current, the grace of its rotation over', 'accepted', (test, { refresh }) => refreshed(test, refresh, GRACE)],
  ['current, inside the grace of its rotation', 'accepted', (test, { refresh }) => refreshed(test, refresh, 0)],
  ['replaced a moment ago', 'accepted', (test, { refresh }) => refreshed(test, refresh, 0).then(() => refresh)],
  ['replaced inside the grace', 'accepted', (test, { refresh }) => refreshed(test, refresh, 9.999).then(() => refresh)],
  ['replaced a grace ago', 'token_reused', (test, { refresh }) => refreshed(test, refresh, GRACE).then(() => refresh)],
  ['replaced hours ago', 'token_reused', (test, { refresh }) => refreshed(test, refresh, 7200).then(() => refresh)],
  [
    'replaced by one that is replaced, inside the grace',
    'token_reused',
    async (test, { refresh }) => {
      await refreshed(test, await refreshed(test, refresh, GRACE), 0);
      return refresh;
    },
  ],
  [
    'of a revoked session',
    'token_revoked',
    async (test, { refresh, sid }) => {
      await test.tokens.revokeSession(sid);
      return refresh;
    },
  ],
  [
    'replaced before, of a revoked session',
    'token_revoked',
    async (test, { refresh, sid }) => {
      await refreshed(test, refresh, GRACE);
      await test.tokens.revokeSession(sid);
      return refresh;
    },
  ],
  [
    'given back',
    'token_revoked',
    async (test, { refresh }) => {
      await test.tokens.revokeToken(refresh);
      return refresh;
    },
  ],
  [
    'of a revoked user',
    'token_revoked',
    async (test, { refresh }) => {
      await test.tokens.revokeUser(2);
      return refresh;
    },
  ],
  ['past its expiry', 'token_expired', (test, { refresh }) => (test.clock.advance(DAY), refresh)],
  [
    'replaced before, and past its expiry',
    'token_expired',
    (test, { refresh }) => refreshed(test, refresh, DAY).then(() => refresh),
  ],
  [
    'good by itself, of a session whose own expiry is past',
    'token_expired',
    async (test, { refresh, sid }) => {
      await sessions(test).update({ sid }, { expiresAt: test.clock.now() });
      return refresh;
    },
  ],
  [
    'good by itself, past the session’s end',
    'token_expired',
    async (test, { refresh, sid }) => {
      await sessions(test).update({ sid }, { endsAt: test.clock.now() });
      return refresh;
    },
  ],
  [
    'of a session that was not used for too long',
    'token_expired',
    (test, { refresh }) => (test.clock.advance(20 * 3600), refresh),
  ],
  [
    'of no session',
    'token_revoked',
    async (test, { refresh, sid }) => {
      await sessions(test).delete({ sid });
      return refresh;
    },
  ],
  [
    'of a session that is another user’s',
    'token_revoked',
    (_test, { refreshClaims }) => forge({ ...refreshClaims, sub: '1', user: { ...refreshClaims.user, id: 1 } }),
  ],
  [
    'newer than its session, which was restored from a backup',
    'token_revoked',
    async (test, { refresh, sid }) => {
      const backup = await sessions(test).findOneByOrFail({ sid });
      const successor = await refreshed(test, refresh, 0);
      await sessions(test).save(backup);
      return successor;
    },
  ],
];

type Outcome = JwtoErrorCode | 'accepted';
const overHttp =
  (method: 'GET' | 'POST', path: string) =>
  async (test: TestApp, token: string): Promise<Outcome> => {
    const client = test.client();
    client.bearer = token;
    const { status, json, cookies } = await client.send(path, { method });
    expect(cookies).toEqual([]);
    expect(status).toBe(json.code === undefined ? 200 : 401);
    return (json.code as JwtoErrorCode | undefined) ?? 'accepted';
  };
const inProcess = (call: (test: TestApp, token: string) => Promise<unknown>) => (test: TestApp, token: string) =>
  call(test, token).then(
    (): Outcome => 'accepted',
    (error: unknown): Outcome => {
      if (error instanceof JwtoError) return error.code;
      throw error;
    },
  );

/** Every place that accepts a refresh token, the request that its events tell of, and its event when it accepts. */
const REFRESH = '/api/token/refresh';
const WAYS: [string, ReturnType<typeof inProcess>, object | null, JwtoEventName[]?][] = [
  [
    'validate_refresh',
    overHttp('POST', `${REFRESH}/validate_refresh/`),
    { method: 'POST', path: `${REFRESH}/validate_refresh/` },
    ['jwto.token_validated'],
  ],
  [
    '@JwtRefreshRequired',
    overHttp('GET', '/testapp/refresh_only'),
    { method: 'GET', path: '/testapp/refresh_only' },
    [],
  ],
  ['verify', inProcess((test, token) => test.tokens.verify(token, { type: 'refresh' })), null, []],
  ['refresh_access', overHttp('POST', `${REFRESH}/refresh_access/`), { path: `${REFRESH}/refresh_access/` }],
  ['update_refresh', overHttp('POST', `${REFRESH}/update_refresh/`), { path: `${REFRESH}/update_refresh/` }],
  ['refresh', inProcess((test, token) => test.tokens.refresh(token)), null],
  ['updateRefresh', inProcess((test, token) => test.tokens.updateRefresh(token)), null],
];

/** The rows of both tables, so that a refusal can be seen to change none. */
async function storedRows({ dataSource }: TestApp): Promise<unknown> {
  const sessionRows = await dataSource.getRepository(JwtoSession).find({ order: { sid: 'ASC' } });
  return [
    sessionRows,
    await dataSource.getRepository(JwtoBlocklistEntry).find({ order: { kind: 'ASC', value: 'ASC' } }),
  ];
}

describe.each(DATABASES)('the one answer to a refresh token on $name', (database) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ database, options: { idleLifetime: '20h', rotationGrace: GRACE } });
  });
  afterAll(() => test.close());

  describe.each(STATES)('that is %s', (_state, outcome, prepare) => {
    it.each(WAYS)(`is ${outcome} at %s`, async (_way, ask, request, acceptance) => {
      test.clock.advance(1);
      const tokens = await test.tokens.issue(test.users.named('bob'));
      const token = await prepare(test, tokens);
      const before = await storedRows(test);
      test.takeEvents();
      expect(await ask(test, token)).toBe(outcome);

      const told = test.takeEvents();
      if (outcome === 'accepted') {
        if (acceptance === undefined) return;
        expect([told, await storedRows(test)]).toEqual([acceptance, before]);
        return;
      }
      if (outcome !== 'token_reused') {
        expect([told, await storedRows(test)]).toEqual([[], before]);
        return;
      }
      expect(told).toEqual(REUSE);
      for (const { event } of test.events.slice(-2)) {
        expect(event).toMatchObject({ sid: tokens.sid, userId: '2' });
        if (request === null) expect(event.request).toBeNull();
        else expect(event.request).toMatchObject(request);
      }
      expect(await sessions(test).findOneBy({ sid: tokens.sid })).toMatchObject({
        revokedAt: test.clock.now(),
        revokedReason: 'refresh_reused',
      });
      expect([await ask(test, token), test.takeEvents()]).toEqual(['token_revoked', []]);
    });
  });

  it('does not tell a current token from one that was replaced inside the grace', async () => {
    const { refresh } = await test.tokens.issue(test.users.named('bob'));
    const successor = await refreshed(test, refresh, 1);
    const answers = await Promise.all(
      [refresh, successor].map(async (token) => {
        const client = test.client();
        client.bearer = token;
        const { status, text, headers } = await client.refresh('validate_refresh');
        const names = [...headers.keys()].sort();
        return { status, text, names };
      }),
    );
    expect(answers[0]).toEqual(answers[1]);
    expect(answers[0]?.text).toBe('{"msg":"Token is valid"}');
  });
});
