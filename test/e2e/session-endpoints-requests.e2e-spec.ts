import type { JwtoErrorCode } from 'jwto';
import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, joined } from '../support/browser.js';
import { expectRefusal, type Refusal } from '../support/refusals.js';
import { rawJson, sendRaw } from '../support/raw-http.js';
import { startApp, type TestApp, type TestAppOptions } from '../support/test-app.js';

const INVALID = { status: 400, code: 'request_invalid' } as const;
const NOT_FOUND = { status: 404, code: 'session_not_found' } as const;
const ROUTES = [
  ['GET', '/sessions/'],
  ['POST', '/sessions/revoke/'],
  ['POST', '/sessions/revoke_others/'],
] as const;

describe.each(ADAPTERS)('requests to the session endpoints on %s', (_name, adapter) => {
  let test: TestApp;
  const start = async (options: TestAppOptions['options'] = {}): Promise<void> => {
    test = await startApp({ adapter, options });
  };
  afterEach(() => test.close());

  it.each(['ONE-COOKIE', 'TWO-COOKIES'] as const)(
    'need a CSRF token where they change something, in %s',
    async (mode) => {
      await start({ mode });
      const [own, other] = [await Browser.signIn(test, 'bob'), await Browser.signIn(test, 'bob')];
      const sid = (await test.tokens.listSessions(2))[0]?.sid ?? '';
      const refused = (code: JwtoErrorCode): Refusal => ({ status: 403, code, events: ['jwto.csrf_failed'] });
      for (const [path, body] of [
        ['revoke_others', ''],
        ['revoke', JSON.stringify({ sid })],
        ['revoke', '{"sid": "no-such-session"}'],
      ] as const) {
        const send = (headers: Record<string, string | null>, changes: Record<string, string> = {}) => {
          const all = { 'content-type': 'application/json', ...headers };
          return () =>
            own.send(`POST /sessions/${path}/`, { headers: all, cookies: (mine) => joined(mine, changes), body });
        };
        await expectRefusal(test, send({ 'x-csrftoken': null }), refused('csrf_missing'));
        await expectRefusal(test, send({ 'x-csrftoken': other.csrf }), refused('csrf_mismatch'));
        await expectRefusal(test, send({ origin: 'https://evil.example' }), refused('csrf_origin'));
        await expectRefusal(test, send({ 'sec-fetch-site': 'cross-site' }), refused('csrf_origin'));
        const stranger = { csrftoken: other.csrf };
        await expectRefusal(test, send({ 'x-csrftoken': other.csrf }, stranger), refused('csrf_mismatch'));
      }
      const listed = await own.send('GET /sessions/', { headers: { 'x-csrftoken': null, origin: null } });
      expect(listed.json['sessions']).toHaveLength(2);
      expect((await own.send('POST /sessions/revoke_others/')).json['revoked']).toBe(1);
    },
  );

  it('need none with a token in the header', async () => {
    await start({ mode: ['JSON', 'TWO-COOKIES'] });
    const client = test.client();
    await client.login('bob');
    const headers = { origin: 'https://evil.example' };
    expect((await client.send('/sessions/revoke_others/', { headers })).json['revoked']).toBe(0);
  });

  it('do not take the cookies of a browser whose header’s session ends', async () => {
    await start({ mode: ['TWO-COOKIES', 'JSON'] });
    const client = test.client();
    await client.login('bob');
    const { access, sid } = await test.tokens.issue(test.users.named('bob'), { mode: 'JSON' });
    client.bearer = access;
    const answer = await client.send('/sessions/revoke/', { json: { sid } });
    expect([answer.status, answer.cookies]).toEqual([200, []]);
    client.bearer = undefined;
    expect((await client.get('/testapp/protect')).text).toBe('worked!');
  });

  it.each([
    ['an empty body called JSON', 'application/json', ''],
    ['an empty form', 'application/x-www-form-urlencoded', ''],
    ['an empty body of an unknown type', 'x/y', ''],
    ['text', 'text/plain', '['],
    ['a file', 'application/octet-stream', '\0'],
    ['a form', 'application/x-www-form-urlencoded', 'other=1'],
    ['an object', 'application/json', '{"other": [1]}'],
  ])('take %s for a body that names no session', async (_what, type, body) => {
    await start();
    const owner = await test.tokens.issue(test.users.named('bob'));
    const headers = [`Authorization: Bearer ${owner.access}`, `Content-Type: ${type}`];
    const send = (path: string) => () => sendRaw(test.url, { path, headers, body });
    await expectRefusal(test, send('/sessions/revoke/'), INVALID);
    const others = await send('/sessions/revoke_others/')();
    expect([others.status, others.json['revoked']]).toEqual([200, 0]);
    await test.tokens.verify(owner.access);
  });

  it.each([
    ['broken JSON', '['],
    ['a list', '[]'],
    ['null', 'null'],
    ['a __proto__ key', '{"sid": "x", "__proto__": {"admin": true}}'],
    ['more than 100 kB', JSON.stringify({ sid: 'x'.repeat(100_001) })],
  ])('refuse %s, and change nothing', async (_what, body) => {
    await start();
    const owner = await test.tokens.issue(test.users.named('bob'));
    await test.tokens.issue(test.users.named('bob'));
    const raw = rawJson(body);
    const headers = [...(raw.headers ?? []), `Authorization: Bearer ${owner.access}`];
    for (const path of ['/sessions/revoke/', '/sessions/revoke', '/sessions/revoke_others/']) {
      await expectRefusal(test, () => sendRaw(test.url, { ...raw, path, headers }), INVALID);
    }
  });

  it('refuse what is no text as the id of a session', async () => {
    await start();
    const client = test.client();
    await client.login('bob');
    for (const sid of [undefined, '', null, 1, true, ['a'], {}, { sid: 'a' }]) {
      await expectRefusal(test, () => client.send('/sessions/revoke/', { json: { sid } }), INVALID);
    }
  });

  it('know no session by a strange text', async () => {
    await start();
    const client = test.client();
    await client.login('bob');
    const texts = ['x'.repeat(50_000), '😀', '\ud800', '\0', "'; DROP TABLE jwto_session; --", '../x', '%', '*'];
    for (const sid of texts) {
      await expectRefusal(test, () => client.send('/sessions/revoke/', { json: { sid } }), NOT_FOUND);
    }
  });

  it('show a user agent of at most 256 characters, without control characters, and none as null', async () => {
    await start();
    const body = JSON.stringify({ username: 'bob', password: 'pass' });
    const agents: [string[], string | null][] = [
      [[`User-Agent: ${'x'.repeat(256)}`], 'x'.repeat(256)],
      [[`User-Agent: ${'x'.repeat(257)}`], 'x'.repeat(256)],
      [['User-Agent: a\tb\x85c\x9bd'], 'abcd'],
      [[`User-Agent: ${'\x80'.repeat(10)}${'y'.repeat(300)}`], 'y'.repeat(256)],
      [['User-Agent: <script>alert(1)</script>'], '<script>alert(1)</script>'],
      [['User-Agent: \xe4'], 'ä'],
      [['User-Agent: \t\x80'], null],
      [['User-Agent:'], null],
      [[], null],
    ];
    for (const [lines, shown] of agents) {
      test.clock.advance(1);
      const headers = ['Content-Type: application/json', ...lines];
      const login = await sendRaw(test.url, { path: '/login/', headers, body });
      const client = test.client();
      client.bearer = login.json.access;
      const sessions = (await client.get('/sessions/')).json['sessions'] as { user_agent: unknown; current: boolean }[];
      expect(sessions.find(({ current }) => current)?.user_agent, String(lines[0])).toBe(shown);
    }
  });

  it('show neither user agent nor address where the app leaves them out', async () => {
    await start({ recordClient: false });
    const client = test.client();
    await client.login('bob');
    expect((await client.get('/sessions/')).json['sessions']).toEqual([
      expect.objectContaining({ user_agent: null, ip: null, current: true }),
    ]);
    expect(test.events.at(-1)?.event.request).toMatchObject({ userAgent: 'node', ip: '127.0.0.1' });
  });

  it('are not there where the settings say so, and elsewhere where they say where', async () => {
    await start({ endpoints: { sessions: false } });
    const client = test.client();
    await client.login('bob');
    for (const [method, path] of ROUTES) {
      const answer = await client.send(path, { method });
      expect([answer.status, answer.json.code], path).toEqual([404, undefined]);
    }
    await test.close();
    await start({ endpoints: { sessions: '/account/devices/' } });
    const other = test.client();
    await other.login('bob');
    expect((await other.get('/account/devices/')).json['sessions']).toHaveLength(1);
    expect((await other.send('/account/devices/revoke_others')).json['revoked']).toBe(0);
    const json = { sid: 'no-such-session' };
    await expectRefusal(test, () => other.send('/account/devices/revoke', { json }), NOT_FOUND);
    expect((await other.get('/sessions/')).status).toBe(404);
  });

  it('answer 503 without the database', async () => {
    await start();
    const client = test.client();
    await client.login('bob');
    test.takeEvents();
    await test.dataSource.destroy();
    for (const [method, path] of ROUTES) {
      const answer = await client.send(path, method === 'GET' ? { method } : { json: { sid: 'x' } });
      expect([answer.status, answer.json.code], path).toEqual([503, 'store_unavailable']);
    }
    expect(test.takeEvents()).toEqual([]);
  });
});
