import { Logger } from '@nestjs/common';
import type { ClaimsProvider, JwtoModuleOptions, LoginAttempt, SignInLifetimes } from 'jwto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Answer } from '../support/client.js';
import { FakeIssuer } from '../support/fake-issuer.js';
import { sendRaw } from '../support/raw-http.js';
import { expectRefusal } from '../support/refusals.js';
import { ringKey } from '../support/rings.js';
import { startApp, type TestApp } from '../support/test-app.js';

const UNAVAILABLE = { status: 503, code: 'store_unavailable' } as const;
const LOGIN_FAILED = ['jwto.login_failed'] as const;
/** Milliseconds that every hook of the application has, and those that it still has when the application ends. */
const [LIMIT, LIMIT_AT_THE_END] = [10_000, 5000];

type HookName =
  | 'throttleLogin'
  | 'UserProvider.authenticate'
  | 'UserProvider.findById'
  | 'ClaimsProvider.claims'
  | 'lifetimes'
  | 'resolveKey'
  | 'mapUser';

/** By hook, a request that needs its answer. */
const ASKED_BY: readonly (readonly [HookName, 'login' | 'refresh' | 'guard' | 'foreign'])[] = [
  ['throttleLogin', 'login'],
  ['UserProvider.authenticate', 'login'],
  ['lifetimes', 'login'],
  ['ClaimsProvider.claims', 'login'],
  ['resolveKey', 'login'],
  ['UserProvider.findById', 'refresh'],
  ['ClaimsProvider.claims', 'refresh'],
  ['resolveKey', 'guard'],
  ['mapUser', 'foreign'],
];

describe.each(ADAPTERS)('hooks of the application that hang on %s', (_name, adapter) => {
  let test: TestApp;
  let issuer: FakeIssuer;
  let hanging: HookName | undefined;
  let tokens = { access: '', refresh: '' };
  const log: string[] = [];
  const asked = vi.fn();
  const hook = <T>(name: HookName, answer: T): T | Promise<T> => {
    if (name !== hanging) return answer;
    asked();
    return new Promise(() => undefined);
  };

  beforeEach(async () => {
    hanging = undefined;
    asked.mockClear();
    log.length = 0;
    issuer = await FakeIssuer.start(ringKey('theirs', 'ES256'));
    const options: Partial<JwtoModuleOptions> = {
      throttleLogin: () => hook('throttleLogin', null),
      lifetimes: () => hook('lifetimes', {}),
      resolveKey: () => hook('resolveKey', undefined),
      claims: { useValue: { claims: () => hook('ClaimsProvider.claims', {}) } as unknown as ClaimsProvider },
      issuers: [issuer.trusted({ mapUser: () => hook('mapUser', { id: 'x', username: 'x' }) })],
    };
    test = await startApp({ adapter, options });
    const { users } = test;
    const [authenticate, findById] = [users.authenticate.bind(users), users.findById.bind(users)];
    vi.spyOn(users, 'authenticate').mockImplementation(
      (given) => hook('UserProvider.authenticate', authenticate(given)) as never,
    );
    vi.spyOn(users, 'findById').mockImplementation((id) => hook('UserProvider.findById', findById(id)) as never);
    vi.spyOn(Logger.prototype, 'error').mockImplementation((...parts: unknown[]) => {
      log.push(parts.join(' '));
    });
    tokens = (await test.client().login('bob')).json as typeof tokens;
    // The set of keys is fetched before the timers are the test's.
    expect((await request('foreign')).text).toBe('worked!');
  });
  afterEach(async () => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    await test.close();
    await issuer.close();
  });

  function request(kind: (typeof ASKED_BY)[number][1]): Promise<Answer> {
    const json = { headers: ['Content-Type: application/json'], body: '{"username":"bob","password":"pass"}' };
    const bearer = (token: string) => ({ headers: [`Authorization: Bearer ${token}`] });
    const guarded = { method: 'GET', path: '/testapp/protect' };
    const requests = {
      login: { path: '/login/', ...json },
      refresh: { path: '/api/token/refresh/refresh_access/', ...bearer(tokens.refresh) },
      guard: { ...guarded, ...bearer(tokens.access) },
      foreign: { ...guarded, ...bearer(issuer.token()) },
    };
    return sendRaw(test.url, requests[kind]);
  }

  it.each(ASKED_BY)('%s is given up after ten seconds (%s): 503, and nothing has changed', async (name, kind) => {
    hanging = name;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    let answered = false;
    const events = kind === 'login' ? LOGIN_FAILED : [];
    const send = async (): Promise<Answer> => {
      const answer = request(kind);
      void answer.then(() => (answered = true));
      await vi.waitFor(() => {
        expect(asked).toHaveBeenCalled();
      });
      await vi.advanceTimersByTimeAsync(LIMIT - 1);
      expect(answered).toBe(false);
      await vi.advanceTimersByTimeAsync(1);
      return answer;
    };
    const { headers } = await expectRefusal(test, send, { ...UNAVAILABLE, events });
    expect(headers.get('retry-after')).toBe('5');
    expect(log.join('\n')).toContain(`${name}${name === 'mapUser' ? ` of ${issuer.url}` : ''} failed`);
    expect(log.join('\n')).toContain('took over 10000 ms');

    hanging = undefined;
    expect((await request(kind)).status).toBe(200);
  });

  it.each(ASKED_BY)('%s does not hold up the end of the application (%s)', async (name, kind) => {
    hanging = name;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const answer = request(kind);
    await vi.waitFor(() => {
      expect(asked).toHaveBeenCalled();
    });
    const closed = test.close();
    await vi.advanceTimersByTimeAsync(LIMIT_AT_THE_END);
    expect((await answer).status).toBe(503);
    await closed;
    expect(log.join('\n')).toMatch(/failed.*when the application ended/s);
  });
});

describe.each(ADAPTERS)('throttleLogin on %s', (_name, adapter) => {
  let test: TestApp;
  let given: unknown;
  const attempts: LoginAttempt[] = [];
  beforeEach(async () => {
    attempts.length = 0;
    test = await startApp({
      adapter,
      options: {
        throttleLogin: (attempt) => {
          attempts.push(attempt);
          return given as number;
        },
      },
    });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await test.close();
  });

  it.each([
    '30',
    '',
    true,
    30n,
    NaN,
    Infinity,
    -Infinity,
    [30],
    { retryAfter: 30 },
    new Date(8.64e12),
    new Number(30),
    Symbol('30'),
    () => 30,
    Promise.resolve('30'),
  ])('lets nobody in that it gives %o for, and says so', async (value) => {
    given = value;
    const error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    await expectRefusal(test, () => test.client().login('bob'), { ...UNAVAILABLE, events: LOGIN_FAILED });
    expect(test.users.asked).toEqual([]);
    expect(error.mock.calls).toEqual([['throttleLogin failed', expect.stringMatching(/finite number of seconds/)]]);
  });

  it.each([undefined, null, false, 0, -0, -3, Promise.resolve(false)])('lets in for %o', async (value) => {
    given = value;
    expect((await test.client().login('bob')).status).toBe(200);
  });

  it.each([
    [0.2, '1'],
    [30, '30'],
    [Promise.resolve(30), '30'],
    [1e300, '9007199254740991'],
  ])('refuses for %o, with whole seconds', async (value, seconds) => {
    given = value;
    const refusal = { status: 429, code: 'login_throttled', events: LOGIN_FAILED } as const;
    const { headers } = await expectRefusal(test, () => test.client().login('bob'), refusal);
    expect(headers.get('retry-after')).toBe(seconds);
  });

  it.each([
    ['a long name', { username: 'a'.repeat(151), password: 'pass' }],
    ['a long password', { username: 'bob', password: 'p'.repeat(1025) }],
    ['a NUL', { username: 'bo\0b', password: 'pass' }],
    ['half a character', { username: 'bob\ud800', password: 'pass' }],
  ])('never sees %s, which looks like a wrong one', async (_what, json) => {
    given = 30;
    const refusal = { status: 401, code: 'credentials_invalid', events: LOGIN_FAILED } as const;
    const { text } = await expectRefusal(test, () => test.client().send('/login/', { json }), refusal);
    expect(attempts).toEqual([]);
    given = null;
    expect((await test.client().login('bob', 'wrong')).text).toBe(text);
  });
});

describe('lifetimes', () => {
  let test: TestApp;
  let given: object = {};
  beforeEach(async () => {
    test = await startApp({ options: { lifetimes: () => given } });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await test.close();
  });

  it.each<SignInLifetimes>([
    { refreshTokenLifetime: 9e12 },
    { sessionLifetime: 9e12 },
    { refreshTokenLifetime: '3651d' },
    { sessionLifetime: '3651d' },
    { sessionLifetime: '0s' },
    { refreshTokenLifetime: '0s' },
  ])('keep the bounds of the settings: %j is 503, and logged', async (value) => {
    given = value;
    const error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    await expectRefusal(test, () => test.client().login('bob'), { ...UNAVAILABLE, events: LOGIN_FAILED });
    expect(error.mock.calls).toEqual([['lifetimes failed', expect.stringMatching(/Lifetime/)]]);
    await expect(test.tokens.issue(test.users.named('bob'), { lifetimes: value })).rejects.toThrow(TypeError);
    expect(await test.tokens.listSessions(2)).toEqual([]);
  });

  it.each([
    { refreshTokenLifetime: '3650d', sessionLifetime: '3650d' },
    { refreshTokenLifetime: 1 },
    { sessionLifetime: 1 },
  ])('may go up to them: %j', async (value) => {
    given = value;
    expect((await test.client().login('bob')).status).toBe(200);
  });

  it('of a session from before accessTokenLifetime was raised are still those of one like it', async () => {
    const { sid } = await test.tokens.issue(test.users.named('bob'));
    await test.dataSource.query('UPDATE jwto_session SET refresh_lifetime = 60000');
    expect((await test.tokens.issue(test.users.named('bob'), { like: { sid } })).sid).not.toBe(sid);
  });
});

describe.each(ADAPTERS)('errorMapper on %s', (_name, adapter) => {
  let test: TestApp | undefined;
  afterEach(async () => {
    vi.restoreAllMocks();
    await test?.close();
  });
  const circle: Record<string, unknown> = {};
  circle['self'] = circle;
  const throws = (): never => {
    throw new Error('the secret of the mapper');
  };
  const body = (value: unknown) => () => ({ status: 418, body: value });

  it.each<[string, () => unknown]>([
    ['a BigInt', body({ a: 1n })],
    ['a circle', body(circle)],
    ['a function', body(() => 1)],
    ['a symbol', body(Symbol('x'))],
    ['nothing', body(undefined)],
    ['a toJSON that throws', body({ toJSON: throws })],
    ['a getter that throws', body(Object.defineProperty({}, 'a', { enumerable: true, get: throws }))],
    ['a toJSON that gives nothing', body({ toJSON: () => undefined })],
    [
      'a status that changes',
      () => {
        let reads = 0;
        return {
          body: {},
          get status() {
            reads += 1;
            return reads === 1 ? 418 : 200;
          },
        };
      },
    ],
    ['a throw', throws],
    ['a promise that rejects', () => Promise.reject(new Error('the secret of the mapper'))],
  ])('that gives %s does not keep our own answer from going out', async (what, errorMapper) => {
    const rejected = vi.fn();
    process.on('unhandledRejection', rejected);
    const app = (test = await startApp({ adapter, options: { errorMapper: errorMapper as never } }));
    const error = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
    const own = what === 'a status that changes' ? [418, {}] : undefined;
    for (const [send, code] of [
      [() => app.client().login('bob', 'wrong'), 'credentials_invalid'],
      [() => app.client().get('/testapp/protect'), 'token_missing'],
      [() => app.client().send('/validate_access/'), 'token_missing'],
    ] as const) {
      error.mockClear();
      const answer = await send();
      const statusCode = 401;
      expect([answer.status, answer.json]).toEqual(
        own ?? [statusCode, { statusCode, error: expect.any(String) as string, code }],
      );
      expect(error).toHaveBeenCalledTimes(own === undefined ? 1 : 0);
      if (own === undefined) expect(String(error.mock.lastCall)).toContain('errorMapper');
    }
    process.off('unhandledRejection', rejected);
    expect(rejected).not.toHaveBeenCalled();
  });
});
