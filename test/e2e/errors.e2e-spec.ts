import { ClaimsProvider, type JwtoErrorCode } from 'jwto';
import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, joined } from '../support/browser.js';
import type { Answer, Client } from '../support/client.js';
import { claimsOf, forge } from '../support/forge.js';
import { expectRefusal, type Refusal } from '../support/refusals.js';
import { startApp, type TestApp, type TestAppOptions } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';
const NO_TOKEN = 'Bearer realm="api"';
const BAD_TOKEN = 'Bearer realm="api", error="invalid_token"';
const LOGIN_FAILED = ['jwto.login_failed'] as const;

describe.each(ADAPTERS)('each refusal of the contract, on %s', (_name, adapter) => {
  let test: TestApp;
  let client: Client;
  let [access, refresh] = ['', ''];
  const start = async (config: TestAppOptions = {}): Promise<void> => {
    test = await startApp({ adapter, ...config });
    client = test.client();
    ({ access = '', refresh = '' } = (await client.login('bob')).json);
  };
  afterEach(() => test.close());

  /** Expects a refusal with its challenge, if it has one, and with a Retry-After only where that is said. */
  async function expectAnswer(
    send: () => Promise<Answer>,
    refusal: Refusal,
    challenge: string | null,
    retryAfter: string | null = null,
  ): Promise<void> {
    const answer = await expectRefusal(test, send, refusal);
    expect(answer.headers.get('www-authenticate')).toBe(challenge);
    expect(answer.headers.get('retry-after')).toBe(retryAfter);
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  }
  const get =
    (token: string | undefined, path = '/testapp/protect') =>
    () => {
      client.bearer = token;
      return client.get(path);
    };
  const post = (token: string | undefined, path: string, json?: unknown) => () => {
    client.bearer = token;
    return client.send(path, json === undefined ? {} : { json });
  };

  it('request_invalid is 400', async () => {
    await start();
    await expectAnswer(
      post(access, '/validate_access/', { jwt_type: 'other' }),
      { status: 400, code: 'request_invalid' },
      null,
    );
  });

  it('credentials_missing is 400 and names each field that is missing', async () => {
    await start();
    const refusal = { status: 400, code: 'credentials_missing', events: LOGIN_FAILED } as const;
    const named = async (body: unknown): Promise<string[]> => {
      await expectAnswer(post(undefined, '/login/', body), refusal, null);
      const { json } = await post(undefined, '/login/', body)();
      return json.error?.match(/username|password/g) ?? [];
    };
    expect(await named({})).toEqual(['username', 'password']);
    expect(await named({ username: 'bob' })).toEqual(['password']);
    expect(await named({ password: 'pass' })).toEqual(['username']);
    expect(await named({ username2: 'bob', pass: 'pass' })).toEqual(['username', 'password']);
  });

  it('credentials_invalid is 401, with one text for unknown, wrong and inactive', async () => {
    await start();
    const bodies = [
      ['nobody', 'pass'],
      ['bob', 'wrong'],
      ['carol', 'pass'],
      ['carol', 'wrong'],
    ].map(([username, password]) => ({ username, password }));
    const texts = new Set<string>();
    for (const body of bodies) {
      await expectAnswer(
        post(undefined, '/login/', body),
        { status: 401, code: 'credentials_invalid', events: LOGIN_FAILED },
        NO_TOKEN,
      );
      texts.add((await post(undefined, '/login/', body)()).text);
    }
    expect(texts.size).toBe(1);
    expect(test.events.at(-1)?.event).toMatchObject({
      reason: 'credentials_invalid',
      userId: null,
      sid: null,
      claims: null,
    });
  });

  it('login_throttled is 429 with a Retry-After, in whole seconds', async () => {
    let seconds: number | null = null;
    await start({ options: { throttleLogin: () => Promise.resolve(seconds) } });
    seconds = 12.3;
    test.users.asked.length = 0;
    await expectAnswer(
      () => test.client().login(),
      { status: 429, code: 'login_throttled', events: LOGIN_FAILED },
      null,
      '13',
    );
    expect(test.users.asked).toEqual([]);
  });

  it('token_missing is 401, named after the first of the modes', async () => {
    await start();
    await expectAnswer(
      get(undefined),
      { status: 401, code: 'token_missing', error: 'Token not found in "Authorization" header.' },
      NO_TOKEN,
    );
  });

  it.each([
    ['ONE-COOKIE', undefined, 'jwt_access', 'jwt_refresh'],
    ['TWO-COOKIES', undefined, 'jwt_access_token', 'jwt_refresh'],
    ['TWO-COOKIES', 'host', '__Host-jwt_access_token', '__Secure-jwt_refresh'],
  ] as const)(
    'token_missing names the cookie in the mode %s with the prefix %s',
    async (mode, cookiePrefix, accessName, refreshName) => {
      await start({ options: { mode, cookiePrefix } });
      const empty = test.client();
      const missing = (name: string): Refusal => ({
        status: 401,
        code: 'token_missing',
        error: `Cookie "${name}" cannot be empty.`,
      });
      await expectAnswer(() => empty.get('/testapp/protect'), missing(accessName), NO_TOKEN);
      await expectAnswer(() => empty.send('/validate_access/'), missing(accessName), NO_TOKEN);
      for (const endpoint of ['validate_refresh', 'refresh_access', 'update_refresh', 'logout']) {
        await expectAnswer(() => empty.refresh(endpoint), missing(refreshName), NO_TOKEN);
      }
    },
  );

  it('token_malformed and token_invalid are 401 with one text', async () => {
    await start();
    await expectAnswer(get('garbage'), { status: 401, code: 'token_malformed' }, BAD_TOKEN);
    const { error = '' } = (await get('garbage')()).json;
    await expectAnswer(
      get(forge(claimsOf(access), undefined, 'x'.repeat(32))),
      { status: 401, code: 'token_invalid', error },
      BAD_TOKEN,
    );
  });

  it('token_expired and token_not_yet_valid are 401', async () => {
    await start({ options: { nbfLifetime: 10 } });
    await expectAnswer(
      get(access),
      { status: 401, code: 'token_not_yet_valid', error: 'The token is not yet valid (nbf)' },
      BAD_TOKEN,
    );
    test.clock.advance(300);
    await expectAnswer(get(access), { status: 401, code: 'token_expired', error: 'Signature has expired' }, BAD_TOKEN);
  });

  it('token_wrong_type is 401 in both directions', async () => {
    await start();
    await expectAnswer(get(refresh), { status: 401, code: 'token_wrong_type' }, BAD_TOKEN);
    await expectAnswer(
      post(access, `${REFRESH}/refresh_access/`),
      { status: 401, code: 'token_wrong_type' },
      BAD_TOKEN,
    );
  });

  it('permission_denied is 403, with a text of its own for a token that lists none', async () => {
    await start();
    test.users.named('bob').perms = ['other'];
    const other = (await test.client().login('bob')).json.access;
    const none = (await test.client().login('alice')).json.access;
    await expectAnswer(
      get(other, '/testapp/perms_protect'),
      { status: 403, code: 'permission_denied', error: 'Insufficient Permissions.' },
      null,
    );
    await expectAnswer(
      get(none, '/testapp/perms_protect'),
      { status: 403, code: 'permission_denied', error: 'Invalid permissions for jwt token.' },
      null,
    );
  });

  it('csrf_origin, csrf_missing and csrf_mismatch are 403', async () => {
    await start({ options: { mode: 'TWO-COOKIES' } });
    const browser = await Browser.signIn(test);
    const refused = (code: JwtoErrorCode): Refusal => ({ status: 403, code, events: ['jwto.csrf_failed'] });
    const send = (headers: Record<string, string | null>) => () => browser.send('POST /testapp/protect', { headers });
    await expectAnswer(send({ origin: 'https://evil.example' }), refused('csrf_origin'), null);
    await expectAnswer(send({ 'x-csrftoken': null }), refused('csrf_missing'), null);
    await expectAnswer(send({ 'x-csrftoken': 'x' }), refused('csrf_mismatch'), null);
  });

  it.each(['ONE-COOKIE', 'TWO-COOKIES'] as const)(
    'token_too_large is 422 at login and refresh in the mode %s, and says which cookie',
    async (mode) => {
      let size = 0;
      class Claims extends ClaimsProvider {
        override claims(): Record<string, unknown> {
          return { more: 'x'.repeat(size) };
        }
      }
      await start({ options: { mode, claims: { useValue: new Claims() } } });
      const browser = await Browser.signIn(test);
      size = 4000;
      const tooLarge = {
        status: 422,
        code: 'token_too_large',
        error: expect.stringMatching(/"jwt_(access|refresh).*" .*\d{4} bytes.*4096/) as string,
      } as const;
      await expectAnswer(() => test.client().login(), { ...tooLarge, events: LOGIN_FAILED }, null);
      for (const endpoint of ['refresh_access', 'update_refresh']) {
        await expectAnswer(() => browser.send(`POST ${REFRESH}/${endpoint}/`), tooLarge, null);
      }
      size = 0;
      expect((await browser.send(`POST ${REFRESH}/refresh_access/`, { cookies: (own) => joined(own) })).status).toBe(
        200,
      );
    },
  );
});
