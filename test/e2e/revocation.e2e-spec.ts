import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { JwtoBlocklistEntry } from 'jwto';
import { DATABASES } from '../support/databases.js';
import { startApp, type TestApp } from '../support/test-app.js';

const BOB = 2;

describe.each(DATABASES)('revocation on $name', (database) => {
  let test: TestApp;
  beforeEach(async () => {
    test = await startApp({ database, options: { mode: ['JSON', 'ONE-COOKIE'], maxSessionsPerUser: 5 } });
  });
  afterEach(() => test.close());
  const bob = () => test.users.named('bob');

  /** Lets `authenticate` wait; the login is under way once this is resolved. */
  async function loginInFlight(
    username: string,
  ): Promise<{ answer: Promise<{ status: number; code?: string | undefined }>; go: () => void }> {
    let go = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (go = resolve));
    const authenticate = test.users.authenticate.bind(test.users);
    const spy = vi.spyOn(test.users, 'authenticate').mockImplementationOnce((async (credentials: never) => {
      await waiting;
      return authenticate(credentials);
    }) as never);
    const answer = test
      .client()
      .login(username)
      .then(({ status, json }) => ({ status, code: json.code }));
    await vi.waitFor(() => {
      expect(spy).toHaveBeenCalled();
    });
    return { answer, go };
  }

  it('of a user ends every session, and no other user’s', async () => {
    const [one, two] = [await test.tokens.issue(bob()), await test.tokens.issue(bob(), { mode: 'ONE-COOKIE' })];
    const alice = await test.tokens.issue(test.users.named('alice'));
    test.takeEvents();
    test.clock.advance(1);
    expect(await test.tokens.revokeUser(BOB)).toBe(2);
    expect(test.takeEvents()).toEqual(['jwto.session_revoked', 'jwto.session_revoked']);
    expect(
      test.events
        .slice(-2)
        .map(({ event }) => event.sid)
        .sort(),
    ).toEqual([one.sid, two.sid].sort());
    for (const { access, refresh } of [one, two]) {
      await expect(test.tokens.verify(access)).rejects.toMatchObject({ code: 'token_revoked' });
      await expect(test.tokens.refresh(refresh)).rejects.toMatchObject({ code: 'token_revoked' });
    }
    await test.tokens.verify(alice.access);
    await test.tokens.refresh(alice.refresh);
    expect(await test.tokens.revokeUser(BOB)).toBe(0);
    expect(await test.tokens.revokeUser(12345)).toBe(0);
  });

  it('of a user refuses a login that is under way, and a sign-in right after it lives', async () => {
    const flight = await loginInFlight('bob');
    const other = await loginInFlight('alice');
    test.clock.advance(0.001);
    expect(await test.tokens.revokeUser(BOB)).toBe(0);
    test.clock.advance(0.001);
    const after = await test.client().login('bob');
    expect(after.status).toBe(200);
    flight.go();
    other.go();
    expect(await flight.answer).toEqual({ status: 401, code: 'credentials_invalid' });
    expect(await other.answer).toEqual({ status: 200, code: undefined });
    await test.tokens.verify(after.json.access ?? '');
    const [session, ...more] = await test.tokens.listSessions(BOB);
    expect([session?.sid, more]).toEqual([test.tokens.decode(after.json.access ?? '').payload['sid'], []]);
    const names = test.takeEvents();
    expect(names.filter((name) => name === 'jwto.logged_in')).toHaveLength(2);
    expect(names.filter((name) => name === 'jwto.login_failed')).toHaveLength(1);
  });

  it('of a user holds for a login that is under way and revoked twice', async () => {
    const flight = await loginInFlight('bob');
    test.clock.advance(0.01);
    await test.tokens.revokeUser(BOB);
    test.clock.advance(0.01);
    await Promise.all([test.tokens.revokeUser(BOB), test.tokens.revokeUser(BOB)]);
    flight.go();
    expect((await flight.answer).code).toBe('credentials_invalid');
    expect(await test.tokens.listSessions(BOB)).toEqual([]);
    expect(await test.dataSource.getRepository(JwtoBlocklistEntry).count()).toBe(1);
  });

  it('by many at once succeeds once, with one event', async () => {
    const { access, refresh, sid } = await test.tokens.issue(bob());
    const other = await test.tokens.issue(bob());
    test.takeEvents();
    const times = <T>(call: () => Promise<T>): Promise<T[]> => Promise.all(Array.from({ length: 12 }, call));
    const count = (results: boolean[]): number => results.filter(Boolean).length;
    expect(count(await times(() => test.tokens.revokeToken(access)))).toBe(1);
    expect(test.takeEvents()).toEqual(['jwto.blacklisted']);
    expect(count(await times(() => test.tokens.revokeSession(sid)))).toBe(1);
    expect(test.takeEvents()).toEqual(['jwto.session_revoked']);
    expect(count(await times(() => test.tokens.revokeToken(refresh)))).toBe(0);
    expect(count(await times(() => test.tokens.revokeToken(other.refresh)))).toBe(1);
    expect(test.takeEvents()).toEqual(['jwto.blacklisted']);
    await Promise.all([test.tokens.issue(bob()), test.tokens.issue(bob())]);
    test.clock.advance(1);
    const ended = await times(() => test.tokens.revokeUser(BOB));
    expect(ended.reduce((sum, one) => sum + one)).toBe(2);
    expect(test.takeEvents().filter((name) => name === 'jwto.session_revoked')).toHaveLength(2);
  });

  it('in two processes at once succeeds once, and both see it', async () => {
    const { access, sid } = await test.tokens.issue(bob());
    const other = await startApp({ options: { dataSource: test.dataSource } });
    await other.tokens.verify(access);
    const results = await Promise.all([test, other, test, other].map(({ tokens }) => tokens.revokeSession(sid)));
    expect(results.filter(Boolean)).toHaveLength(1);
    expect([...test.takeEvents(), ...other.takeEvents()].sort()).toEqual(['jwto.logged_in', 'jwto.session_revoked']);
    for (const { tokens } of [test, other]) {
      await expect(tokens.verify(access)).rejects.toMatchObject({ code: 'token_revoked' });
    }
    await other.close();
  });

  it('by many logouts at once succeeds once', async () => {
    const client = test.client();
    client.bearer = (await client.login('bob')).json.refresh;
    test.takeEvents();
    const answers = await Promise.all(Array.from({ length: 8 }, () => client.refresh('logout')));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array<number>(7).fill(409)]);
    expect(test.takeEvents()).toEqual(['jwto.blacklisted']);
  });

  it('takes the oldest sessions beyond the limit, with an event each', async () => {
    const sids: string[] = [];
    for (let count = 0; count < 7; count++) {
      test.clock.advance(1);
      sids.push((await test.tokens.issue(bob())).sid);
    }
    expect((await test.tokens.listSessions(BOB)).map(({ sid }) => sid)).toEqual(sids.slice(2).reverse());
    const revoked = test.events.filter(({ name }) => name === 'jwto.session_revoked');
    expect(revoked.map(({ event }) => [event.sid, event.userId, event.reason])).toEqual([
      [sids[0], '2', 'too_many_sessions'],
      [sids[1], '2', 'too_many_sessions'],
    ]);
  });

  it('keeps the limit with parallel logins', async () => {
    const before = await test.tokens.issue(bob());
    test.clock.advance(1);
    const logins = await Promise.all(Array.from({ length: 12 }, () => test.client().login('bob')));
    expect(logins.map(({ status }) => status)).toEqual(Array(12).fill(200));
    expect(await test.tokens.listSessions(BOB)).toHaveLength(5);
    const alive = await Promise.all(
      logins.map(({ json }) =>
        test.tokens.verify(json.access ?? '').then(
          () => true,
          () => false,
        ),
      ),
    );
    expect(alive.filter(Boolean)).toHaveLength(5);
    await expect(test.tokens.verify(before.access)).rejects.toMatchObject({ code: 'token_revoked' });
    expect(test.takeEvents().filter((name) => name === 'jwto.session_revoked')).toHaveLength(8);
  });

  it('takes the older session in the cookie of a login, once the login succeeded', async () => {
    const client = test.client();
    const json = { username: 'bob', password: 'pass', mode: 'ONE-COOKIE' };
    await client.send('/login/', { json });
    const first = client.cookie('jwt_access') ?? '';
    test.takeEvents();
    expect((await client.send('/login/', { json: { ...json, password: 'wrong' } })).status).toBe(401);
    await test.tokens.verify(first);
    expect((await client.send('/login/', { json: { ...json, username: 'alice' } })).status).toBe(200);
    await expect(test.tokens.verify(first)).rejects.toMatchObject({ code: 'token_revoked' });
    expect(test.takeEvents().sort()).toEqual(['jwto.logged_in', 'jwto.login_failed', 'jwto.session_revoked']);
    expect(test.events.find(({ name }) => name === 'jwto.session_revoked')?.event).toMatchObject({
      userId: '2',
      reason: 'signed_in_again',
    });
    expect((await client.get('/testapp/user')).json).toMatchObject({ username: 'alice' });
  });

  it('does not take the session of a cookie that somebody forged', async () => {
    const { sid, access } = await test.tokens.issue(bob());
    const [header, , signature] = access.split('.');
    const payload = Buffer.from(JSON.stringify({ sid, type: 'access' })).toString('base64url');
    const cookie = `jwt_access=${String(header)}.${payload}.${String(signature)}`;
    const json = { username: 'alice', password: 'pass', mode: 'ONE-COOKIE' };
    expect((await test.client().send('/login/', { json, headers: { cookie } })).status).toBe(200);
    await test.tokens.verify(access);
  });
});
