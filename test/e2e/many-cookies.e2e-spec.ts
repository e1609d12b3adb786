import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Answer } from '../support/client.js';
import { HEADER, segment } from '../support/forge.js';
import { sendRaw } from '../support/raw-http.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';
/** So many tokens in cookies are looked at. */
const MOST = 10;

describe.each(ADAPTERS)('many cookies of our names on %s', (_name, adapter) => {
  let test: TestApp;
  /** How often a token was looked at: `resolveKey` is asked right before a signature is verified. */
  let looks = 0;
  const start = async (): Promise<void> => {
    test = await startApp({
      adapter,
      options: {
        mode: ['ONE-COOKIE', 'JSON'],
        resolveKey: () => {
          looks += 1;
          return undefined;
        },
      },
    });
    looks = 0;
  };
  afterEach(() => test.close());

  const planted = (name: string, count: number): string[] =>
    Array.from({ length: count }, (_, index) => `${name}=${segment(HEADER)}.${segment({ index })}.AAAA`);
  const send = (line: string, cookies: string[], body?: object, headers: string[] = []): Promise<Answer> => {
    const [method = '', path = ''] = line.split(' ');
    return sendRaw(test.url, {
      method,
      path,
      headers: [`Cookie: ${cookies.join('; ')}`, 'Content-Type: application/json', ...headers],
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };
  const refusal = { status: 400, code: 'request_invalid' } as const;
  const CREDENTIALS = { username: 'bob', password: 'pass' };

  it.each([
    ['GET /testapp/protect', 'jwt_access', undefined],
    ['POST /validate_access/', 'jwt_access', undefined],
    ['GET /csrf/', 'jwt_access', undefined],
    ['GET /testapp/refresh_only', 'jwt_refresh', undefined],
    [`POST ${REFRESH}/validate_refresh/`, 'jwt_refresh', undefined],
    [`POST ${REFRESH}/refresh_access/`, 'jwt_refresh', undefined],
    [`POST ${REFRESH}/update_refresh/`, 'jwt_refresh', undefined],
    [`POST ${REFRESH}/logout/`, 'jwt_refresh', undefined],
    [`DELETE ${REFRESH}/logout/`, 'jwt_refresh', undefined],
    ['POST /login/', 'jwt_access', undefined],
    ['POST /login/', 'jwt_access', CREDENTIALS],
    ['POST /login/', 'jwt_refresh', CREDENTIALS],
  ])('%s refuses more than ten tokens (%s, %j), and looks at none', async (line, name, body) => {
    await start();
    const events = line.endsWith('/login/') ? (['jwto.login_failed'] as const) : [];
    const answer = await expectRefusal(test, () => send(line, planted(name, MOST + 1), body), { ...refusal, events });
    expect(answer.json.error).toContain('cookies');
    expect(looks).toBe(0);
  });

  it('counts the two types together where both are looked at', async () => {
    await start();
    const cookies = [...planted('jwt_access', 6), ...planted('jwt_refresh', 5)];
    await expectRefusal(test, () => send(`POST ${REFRESH}/logout/`, cookies), refusal);
    expect(looks).toBe(0);
  });

  it('finds the good one among ten, and among any number that are no tokens', async () => {
    await start();
    const client = test.client();
    await client.login('bob');
    const good = `jwt_access=${client.cookie('jwt_access') ?? ''}`;
    const words = Array.from({ length: 100 }, (_, index) => `jwt_access=x${String(index)}.y`);
    for (const cookies of [
      [...planted('jwt_access', MOST - 1), good],
      [...words, good],
      [...planted('jwt_access', MOST - 1), ...words, good],
    ]) {
      looks = 0;
      expect((await send('GET /testapp/protect', cookies)).text).toBe('worked!');
      expect(looks).toBeLessThanOrEqual(MOST);
    }
    expect((await send('GET /testapp/protect', words)).json.code).toBe('token_malformed');
  });

  it('asks for the keys of a login without credentials no more than twice for each', async () => {
    await start();
    const cookies = planted('jwt_access', MOST);
    await expectRefusal(test, () => send('POST /login/', cookies), {
      status: 400,
      code: 'credentials_missing',
      events: ['jwto.login_failed'],
    });
    expect(looks).toBeLessThanOrEqual(2 * MOST);
  });

  it.each([
    [{ username: 'bob' }, 'credentials_missing'],
    [{ username: 'bob', password: 7 }, 'credentials_missing'],
    [{ ...CREDENTIALS, mode: 'THREE-COOKIES' }, 'request_invalid'],
  ] as const)('a login looks at its fields before them: %j', async (body, code) => {
    await start();
    const client = test.client();
    await client.login('bob');
    const cookies = [`jwt_access=${client.cookie('jwt_access') ?? ''}`];
    looks = 0;
    const events = ['jwto.login_failed'] as const;
    await expectRefusal(test, () => send('POST /login/', cookies, body), { status: 400, code, events });
    expect(looks).toBe(0);
  });

  it('of which ten good ones of ten sessions are replaced by a login', async () => {
    await start();
    const cookies: string[] = [];
    for (let count = 0; count < MOST; count++) {
      const { access } = await test.tokens.issue(test.users.named('bob'));
      cookies.push(`jwt_access=${access}`);
    }
    expect((await send('POST /login/', cookies, CREDENTIALS)).status).toBe(200);
    expect(await test.tokens.listSessions(2)).toHaveLength(1);
  });
});
