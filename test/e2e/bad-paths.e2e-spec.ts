import { connect } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Answer } from '../support/client.js';
import { sendRaw } from '../support/raw-http.js';
import { expectNothingDone, expectRefusal, storedRows } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const JSON_TYPE = 'Content-Type: application/json';
const GOOD = '{"username":"alice","password":"pass"}';
/** The spellings of `/login/` that a router takes for it: the absolute form, and on Fastify an encoded letter. */
const SPELLINGS = ADAPTERS.flatMap(([name, adapter]) =>
  [
    '/login/',
    '/login',
    '/login/?next=x',
    'http://app.example.com/login/',
    ...(name === 'Fastify' ? ['/%6cogin/'] : []),
  ].map((path) => [path, name, adapter] as const),
);

describe.each(SPELLINGS)('the path %s on %s', (path, _name, adapter) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ adapter });
  });
  afterAll(() => test.close());
  const send = (body: string, type = JSON_TYPE): Promise<Answer> => sendRaw(test.url, { path, headers: [type], body });

  it('signs in', async () => {
    expect((await send(GOOD)).json).toEqual({ access: expect.any(String), refresh: expect.any(String) });
    expect(test.events.at(-1)?.event.request).toMatchObject({ method: 'POST' });
  });

  it.each(['{', '[]', 'null', '{"__proto__":1}', JSON.stringify({ more: 'x'.repeat(110_000) })])(
    'refuses the body %.20s',
    async (body) => {
      await expectRefusal(test, () => send(body), {
        status: 400,
        code: 'request_invalid',
        events: ['jwto.login_failed'],
      });
    },
  );

  it('takes an empty body, and one of another type, for none', async () => {
    const refusal = { status: 400, code: 'credentials_missing', events: ['jwto.login_failed'] } as const;
    await expectRefusal(test, () => send(''), refusal);
    await expectRefusal(test, () => send(GOOD, 'Content-Type: text/plain'), refusal);
  });
});

describe.each(ADAPTERS)('paths that are none of ours, and requests that end too early, on %s', (_name, adapter) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ adapter });
  });
  afterAll(() => test.close());

  it.each([
    '//login/',
    '/login//',
    '/login/;x',
    '/login%2f',
    '/../login/',
    '/./login/',
    '/login/%',
    '/login/%E0%A4%A',
    '/api/token/refresh%2flogout/',
    '*',
  ])('%s is refused, and no error of the server', async (path) => {
    const before = await storedRows(test);
    for (const body of [GOOD, '{', '[]', '{"__proto__":1}', '']) {
      const answer = await sendRaw(test.url, { path, headers: [JSON_TYPE], body });
      expect([400, 404]).toContain(answer.status);
      await expectNothingDone(test, answer, before);
    }
  });

  it.each(['{', 'null', JSON.stringify({ more: 'x'.repeat(110_000) })])(
    'HEAD is answered as GET, whatever its body: %.10s',
    async (body) => {
      for (const [path, status] of [
        ['/sessions/', 401],
        ['/.well-known/jwks.json', 200],
      ] as const) {
        const answer = await sendRaw(test.url, { method: 'HEAD', path, headers: [JSON_TYPE], body });
        expect([path, answer.status]).toEqual([path, status]);
        expect(answer.headers.get('cache-control')).not.toBeNull();
      }
    },
  );

  it.each(['username=alice&password=pass', 'username=alice&password=pa'])(
    'a body that breaks off behind %s signs nobody in',
    async (body) => {
      const before = await storedRows(test);
      test.users.asked.length = 0;
      const { hostname, port } = new URL(test.url);
      const socket = connect(Number(port), hostname);
      socket.write(
        `POST /login/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: 100\r\n\r\n${body}`,
      );
      await setTimeout(100);
      socket.destroy();
      await setTimeout(200);
      expect(test.users.asked).toEqual([]);
      expect(test.takeEvents()).not.toContain('jwto.logged_in');
      expect(await storedRows(test)).toEqual(before);
    },
  );
});
