import { JwtoBlocklistEntry, JwtoSession, getTokenServiceToken, JwtoModule, type TokenService } from 'jwto';
import { Test } from '@nestjs/testing';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DATABASES } from '../support/databases.js';
import { SIGNING_KEY } from '../support/test-app.js';
import { isPoll, standing, worldOf, type OwnApp, type World } from '../support/two-apps.js';
import { TestUsers } from '../support/users.js';

/** Long enough that no poll comes during a test, but by NOTIFY. */
const NO_POLLS = { pollInterval: '60s', maxStaleness: '60s' } as const;
/** Far more than a poll takes, for a busy machine. */
const SOON = { timeout: 15_000, interval: 25 };

describe.each(DATABASES)('the copy of the revocations on $name', (database) => {
  let world: World;
  let a: OwnApp;
  let b: OwnApp;
  beforeEach(() => {
    world = worldOf(database);
  });
  afterEach(() => world.close());

  const start = async (one: object = {}, two: object = one): Promise<void> => {
    a = await world.start(one);
    b = await world.start(two);
  };
  const issue = (app: OwnApp = a) => app.tokens.issue(app.users.named('bob'));
  const refused = async (app: OwnApp, token: { access: string }): Promise<void> => {
    await vi.waitFor(async () => {
      expect(await standing(app.tokens, token)).toBe('token_revoked');
    }, SOON);
  };
  /** Waits for a read that begins after now. */
  const polled = async ({ line: { statements } }: OwnApp): Promise<void> => {
    const polls = statements.filter(isPoll).length;
    await vi.waitFor(() => {
      // The second one begins after the first has ended.
      expect(statements.filter(isPoll).length).toBeGreaterThanOrEqual(polls + 2);
    }, SOON);
  };

  const WAYS: [string, (app: OwnApp, tokens: { sid: string; access: string; refresh: string }) => Promise<unknown>][] =
    [
      ['of a session', ({ tokens }, { sid }) => tokens.revokeSession(sid)],
      ['of an access token', ({ tokens }, { access }) => tokens.revokeToken(access)],
      ['of a refresh token', ({ tokens }, { refresh }) => tokens.revokeToken(refresh)],
      ['of a user', ({ tokens }) => tokens.revokeUser(2)],
      ['of the other sessions', ({ tokens }) => tokens.revokeOtherSessions(2, 'another')],
      ['of everybody', ({ tokens, clock }) => (clock.advance(1), tokens.revokeAll())],
      [
        'by reuse',
        async ({ tokens, clock }, { refresh }) => {
          await tokens.refresh(refresh);
          clock.advance(11);
          await tokens.refresh(refresh).catch(() => undefined);
        },
      ],
    ];

  it.each(WAYS)('has a revocation %s by its own process at once', async (_what, revoke) => {
    a = await world.start(NO_POLLS);
    const tokens = await issue();
    expect(await standing(a.tokens, tokens)).toBe('ok');
    await revoke(a, tokens);
    expect(await standing(a.tokens, tokens)).toBe('token_revoked');
    const client = a.client();
    client.bearer = tokens.access;
    expect((await client.get('/testapp/protect')).json.code).toBe('token_revoked');
  });

  it('has the revocations of another process after a poll, of whichever kind', async () => {
    await start();
    for (const [, revoke] of WAYS) {
      const tokens = await issue();
      await revoke(b, tokens);
      await refused(a, tokens);
      a.clock.time = b.clock.time;
    }
    expect(await standing(a.tokens, await issue(b))).toBe('ok');
  });

  it('spares guards every query', async () => {
    a = await world.start(NO_POLLS);
    const [good, bad] = [await issue(), await issue()];
    await a.tokens.revokeSession(bad.sid);
    // On PostgreSQL the own message wakes a poll.
    await vi.waitFor(() => {
      expect(a.line.statements.at(-1)).not.toMatch(/pg_notify/);
    }, SOON);
    const requests = async (): Promise<string[]> => {
      const before = a.line.statements.length;
      const client = a.client();
      for (let count = 0; count < 20; count++) {
        client.bearer = count % 2 === 0 ? good.access : bad.access;
        expect((await client.get('/testapp/protect')).status).toBe(count % 2 === 0 ? 200 : 401);
      }
      const guards = a.line.statements.slice(before);
      return guards.filter((sql) => !/blocked_until|AS counted|AS now$|pg_notify/.test(sql));
    };
    expect(await requests()).toEqual([]);
  });

  it('is loaded before the application is ready', async () => {
    a = await world.start();
    const tokens = await issue();
    await a.tokens.revokeSession(tokens.sid);
    const late = await world.start(NO_POLLS);
    expect(await standing(late.tokens, tokens)).toBe('token_revoked');
  });

  it('is loaded with what a verifier of more leeway than the signer’s still accepts', async () => {
    a = await world.start({ accessTokenLifetime: '5m' });
    const tokens = await issue();
    await a.tokens.revokeSession(tokens.sid);
    const lenient = await world.start({ ...NO_POLLS, leeway: '60s' });
    // The copy was loaded before; what matters is one that is loaded after the token's end.
    const [sid, until] = [tokens.sid, lenient.clock.now() - 30_000];
    await a.dataSource.manager.update(JwtoSession, { sid }, { accessUntil: until });
    const later = await world.start({ ...NO_POLLS, leeway: '60s' });
    expect(await standing(later.tokens, tokens)).toBe('token_revoked');
  });

  it.each<[string, () => OwnApp]>([
    ['its own process', () => a],
    ['another one', () => b],
  ])('holds on to a token of a longer lifetime than its own, revoked by %s', async (_who, revoker) => {
    await start({ accessTokenLifetime: '5m' }, { accessTokenLifetime: '3h', refreshTokenLifetime: '1d' });
    const tokens = await issue(b);
    await revoker().tokens.revokeSession(tokens.sid);
    await refused(a, tokens);
    for (const minutes of [4, 62, 110]) {
      a.clock.advance(minutes * 60);
      await polled(a);
      expect([minutes, await standing(a.tokens, tokens)]).toEqual([minutes, 'token_revoked']);
    }
    a.clock.advance(10 * 60);
    expect(await standing(a.tokens, tokens)).toBe('token_expired');
  });

  it.skipIf(database.name === 'SQLite')('has what is committed out of order', async () => {
    await start();
    const [slow, quick] = [await issue(), await issue()];
    // Where the whole takes long, only the last seconds are read again.
    a.line.holdUp = async (sql) => {
      if (isPoll(sql)) await new Promise((resolve) => setTimeout(resolve, 40));
    };
    const runner = b.dataSource.createQueryRunner();
    await runner.startTransaction();
    const revokedAt = b.clock.now() - 10_000;
    await runner.manager.update(JwtoSession, { sid: slow.sid }, { revokedAt, revokedReason: 'by hand' });
    await b.tokens.revokeSession(quick.sid);
    await refused(a, quick);
    await polled(a);
    expect(await standing(a.tokens, slow)).toBe('ok');
    await runner.commitTransaction();
    await runner.release();
    await refused(a, slow);
  });

  it('ends every sign-in before a revokeAll, also what a restored database has forgotten', async () => {
    await start();
    const [kept, forgotten] = [await issue(), await issue()];
    await a.dataSource.manager.delete(JwtoSession, { sid: forgotten.sid });
    for (const app of [a, b]) app.clock.advance(1);
    expect(await b.tokens.revokeAll()).toBe(1);
    for (const app of [a, b]) {
      await refused(app, kept);
      await refused(app, forgotten);
    }
    const after = await issue(b);
    await polled(a);
    for (const app of [a, b]) expect(await standing(app.tokens, after)).toBe('ok');
  });

  it('forgets nothing that the database forgets', async () => {
    await start();
    const tokens = await issue();
    await b.tokens.revokeSession(tokens.sid);
    await refused(a, tokens);
    await a.dataSource.manager.update(JwtoSession, { sid: tokens.sid }, { revokedAt: null, revokedReason: null });
    await polled(a);
    expect(await standing(a.tokens, tokens)).toBe('token_revoked');
  });

  it('is one for each module instance of a database', async () => {
    await start();
    const source = b.dataSource;
    const admin = JwtoModule.forRoot({
      ...{ name: 'admin', signingKey: SIGNING_KEY, users: TestUsers, dataSource: source, ...NO_POLLS },
    });
    const testing = await Test.createTestingModule({ imports: [admin] }).compile();
    const other = testing.get<TokenService>(getTokenServiceToken('admin'));
    const [own, others] = [await issue(), await other.issue(b.users.named('bob'))];
    await a.tokens.revokeUser(2);
    expect(await other.revokeSession(own.sid)).toBe(false);
    await polled(a);
    expect([await standing(a.tokens, own), await standing(other, others)]).toEqual(['token_revoked', 'ok']);
    const realms = (await source.manager.find(JwtoBlocklistEntry)).map(({ realm }) => realm);
    expect([...new Set(realms)]).toEqual(['default']);
    await testing.close();
  });
});
