import type { JwtoErrorCode } from 'jwto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Answer, Client } from '../support/client.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const HOUR = 3600;
const MODES = ['JSON', 'ONE-COOKIE', 'TWO-COOKIES'] as const;
const APPS = ADAPTERS.flatMap(([name, adapter]) => MODES.map((mode) => [mode, name, adapter] as const));
const REVOKED = { msg: 'Session successfully revoked.' };

/** A session as `GET /sessions/` shows it. */
interface Shown {
  sid: string;
  last_used: number;
  current: boolean;
}

/** Signs in; the client's own session is what the list says is the current one. */
async function signIn(test: TestApp, username = 'bob', userAgent = 'a browser'): Promise<Client> {
  test.clock.advance(1);
  const client = test.client();
  const json = { username, password: 'pass' };
  const answer = await client.send('/login/', { json, headers: { 'user-agent': userAgent } });
  expect(answer.status).toBe(200);
  client.bearer = answer.json.access;
  test.takeEvents();
  return client;
}
async function list(client: Client): Promise<Shown[]> {
  const answer = await client.get('/sessions/');
  expect(answer.status).toBe(200);
  return answer.json['sessions'] as Shown[];
}
async function sidOf(client: Client): Promise<string> {
  const own = (await list(client)).find(({ current }) => current);
  return own?.sid ?? '';
}
const end = (client: Client, sid: string): Promise<Answer> =>
  client.send('/sessions/revoke/', { json: { sid }, headers: client.csrf() });
const endOthers = (client: Client): Promise<Answer> =>
  client.send('/sessions/revoke_others/', { headers: client.csrf() });
const codeAt = async (client: Client): Promise<JwtoErrorCode | undefined> =>
  (await client.get('/testapp/protect')).json.code as JwtoErrorCode | undefined;

describe.each(APPS)('the session endpoints in the mode %s on %s', (mode, _name, adapter) => {
  let test: TestApp;
  beforeEach(async () => {
    test = await startApp({ adapter, options: { mode, accessTokenLifetime: '3h' } });
  });
  afterEach(() => test.close());

  it('list where the user is signed in, the newest first, and say which one is this', async () => {
    const phone = await signIn(test, 'bob', 'a phone');
    const created = Math.floor(test.clock.now() / 1000);
    const laptop = await signIn(test, 'bob', 'a laptop');
    await signIn(test, 'alice');
    for (const [client, current] of [
      [phone, 'a phone'],
      [laptop, 'a laptop'],
    ] as const) {
      const answer = await client.get('/sessions/');
      expect([answer.status, answer.headers.get('cache-control'), answer.cookies]).toEqual([200, 'no-store', []]);
      const common = { sid: expect.stringMatching(/^[\w-]{22}$/) as string, ip: '127.0.0.1' };
      const shown = (userAgent: string, since: number): object => ({
        ...common,
        created: since,
        last_used: since,
        expires: since + 86_400,
        user_agent: userAgent,
        current: userAgent === current,
      });
      expect(answer.json).toEqual({ sessions: [shown('a laptop', created + 1), shown('a phone', created)] });
    }
    expect((await phone.get('/sessions')).json).toEqual((await phone.get('/sessions/')).json);
    expect(test.takeEvents()).toEqual([]);
  });

  it('tell the last use to the hour, so that a thief does not see the owner come back', async () => {
    test.clock.time = Math.ceil(test.clock.time / (HOUR * 1000)) * HOUR * 1000;
    const thief = await signIn(test);
    const owner = await test.tokens.issue(test.users.named('bob'));
    const hour = Math.floor(test.clock.now() / 1000) - 1;
    const lastUsed = async (): Promise<number | undefined> =>
      (await list(thief)).find(({ sid }) => sid === owner.sid)?.last_used;
    // Not to before the sign-in, which looks like a mistake.
    expect(await lastUsed()).toBe(hour + 1);
    test.clock.advance(HOUR - 2);
    const { refresh } = await test.tokens.refresh(owner.refresh);
    expect(await lastUsed()).toBe(hour + 1);
    for (const seconds of [1, HOUR - 1]) {
      test.clock.advance(seconds);
      await test.tokens.updateRefresh(refresh);
      expect(await lastUsed()).toBe(hour + HOUR);
    }
  });

  it('revoke one of the user’s sessions, with its tokens, and no other', async () => {
    const [owner, lost, third] = [await signIn(test), await signIn(test), await signIn(test)];
    const [sid, lostSid] = [await sidOf(owner), await sidOf(lost)];
    const answer = await end(owner, lostSid);
    expect([answer.status, answer.json, answer.cookies]).toEqual([200, REVOKED, []]);
    expect(answer.headers.get('cache-control')).toBe('no-store');
    expect(test.takeEvents()).toEqual(['jwto.session_revoked']);
    expect(test.events.at(-1)?.event).toMatchObject({
      ...{ sid: lostSid, userId: '2', reason: 'revoked' },
      request: { method: 'POST', path: '/sessions/revoke/', ip: '127.0.0.1' },
    });
    expect(await codeAt(lost)).toBe('token_revoked');
    expect((await lost.get('/sessions/')).json.code).toBe('token_revoked');
    expect((await end(lost, sid)).json.code).toBe('token_revoked');
    expect([await codeAt(owner), await codeAt(third)]).toEqual([undefined, undefined]);
    expect((await list(owner)).map((session) => session.sid)).toEqual([await sidOf(third), sid]);
  });

  it('revoke one without a slash at the end of the path too, and from a form', async () => {
    const [owner, lost] = [await signIn(test), await signIn(test)];
    const form = { sid: await sidOf(lost) };
    expect((await owner.send('/sessions/revoke', { form, headers: owner.csrf() })).json).toEqual(REVOKED);
    expect(await codeAt(lost)).toBe('token_revoked');
    expect((await owner.send('/sessions/revoke_others', { headers: owner.csrf() })).json['revoked']).toBe(0);
  });

  it('revoke all others, and no other user’s', async () => {
    const [alice, one, two, owner] = [
      ...[await signIn(test, 'alice'), await signIn(test), await signIn(test)],
      await signIn(test),
    ] as [Client, Client, Client, Client];
    const others = [await sidOf(one), await sidOf(two)];
    const message = { msg: 'Other sessions successfully revoked.' };
    const answer = await endOthers(owner);
    expect([answer.status, answer.json, answer.cookies]).toEqual([200, { ...message, revoked: 2 }, []]);
    expect(test.takeEvents()).toEqual(['jwto.session_revoked', 'jwto.session_revoked']);
    const told = test.events.slice(-2).map(({ event }) => event);
    expect(told.map(({ sid }) => sid).sort()).toEqual(others.sort());
    expect(told.map(({ reason, request }) => [reason, request?.method])).toEqual(Array(2).fill(['revoked', 'POST']));
    expect([await codeAt(one), await codeAt(two)]).toEqual(['token_revoked', 'token_revoked']);
    expect([await codeAt(alice), await codeAt(owner)]).toEqual([undefined, undefined]);
    expect((await list(owner)).map(({ current }) => current)).toEqual([true]);
    expect((await endOthers(owner)).json).toEqual({ ...message, revoked: 0 });
    expect(test.takeEvents()).toEqual([]);
  });

  it('know nothing of another user’s session, as of one that never was, is revoked or has ended', async () => {
    const alice = await signIn(test, 'alice');
    const ended = await sidOf(await signIn(test));
    test.clock.advance(86_400);
    const [owner, revoked] = [await signIn(test), await sidOf(await signIn(test))];
    const living = await sidOf(await signIn(test, 'alice'));
    await end(owner, revoked);
    const sid = await sidOf(owner);
    const [changed] = [sid.replace(/[a-z]/i, (letter) => (letter < 'a' ? letter.toLowerCase() : letter.toUpperCase()))];
    const sids = [living, ended, revoked, changed, 'no-such-session', '__proto__', '\0', ' ', '*', '1', `${sid}x`];
    const bodies = new Set<string>();
    for (const strange of sids) {
      const refusal = { status: 404, code: 'session_not_found' } as const;
      const answer = await expectRefusal(test, () => end(owner, strange), refusal);
      bodies.add(answer.text);
    }
    expect(bodies.size).toBe(1);
    expect((await list(owner)).map((session) => session.sid)).toEqual([sid]);
    expect(await codeAt(alice)).toBe('token_expired');
  });

  it('revoke the very session of the request, and take its cookies from the client', async () => {
    const [owner, other] = [await signIn(test), await signIn(test)];
    const cookies = [...owner.jar.keys()].sort();
    const saved = new Map(owner.jar);
    const answer = await end(owner, await sidOf(owner));
    expect([answer.status, answer.json]).toEqual([200, REVOKED]);
    const cleared = answer.cookies.filter(({ maxAge }) => maxAge === 0).map(({ name }) => name);
    expect([...new Set(cleared)]).toEqual(expect.arrayContaining(cookies));
    expect([cleared.length, owner.jar.size]).toEqual([answer.cookies.length, 0]);
    if (mode === 'JSON') expect(answer.cookies).toEqual([]);
    for (const [name, cookie] of saved) owner.jar.set(name, cookie);
    expect(await codeAt(owner)).toBe('token_revoked');
    expect((await end(owner, 'x')).json.code).toBe('token_revoked');
    expect(await codeAt(other)).toBeUndefined();
  });

  it('need a good access token', async () => {
    const [owner, stranger] = [await signIn(test), test.client()];
    const routes = [
      ['GET', '/sessions/'],
      ['POST', '/sessions/revoke_others/'],
      ['POST', '/sessions/revoke/'],
    ] as const;
    const sid = await sidOf(owner);
    const refuse = async (client: Client, code: JwtoErrorCode): Promise<void> => {
      for (const [method, path] of routes) {
        const send = (): Promise<Answer> =>
          client.send(path, { method, headers: client.csrf(), ...(path.endsWith('revoke/') ? { json: { sid } } : {}) });
        await expectRefusal(test, send, { status: 401, code });
      }
    };
    await refuse(stranger, 'token_missing');
    if (mode === 'JSON') {
      stranger.bearer = (await test.tokens.issue(test.users.named('bob'))).refresh;
      await refuse(stranger, 'token_wrong_type');
    }
    test.clock.advance(3 * HOUR);
    await refuse(owner, 'token_expired');
  });
});
