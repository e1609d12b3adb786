import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Answer, Client } from '../support/client.js';
import { expectRefusal, type Refusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';
const BAD_TOKEN = 'Bearer realm="api", error="invalid_token"';

describe.each(ADAPTERS)('each refusal about a session, on %s', (_name, adapter) => {
  let test: TestApp;
  let client: Client;
  let [access, refresh] = ['', ''];
  beforeEach(async () => {
    test = await startApp({ adapter });
    client = test.client();
    ({ access = '', refresh = '' } = (await client.login('bob')).json);
  });
  afterEach(() => test.close());

  /** Expects a refusal with its challenge, if it has one. */
  async function expectAnswer(send: () => Promise<Answer>, refusal: Refusal, challenge: string | null): Promise<void> {
    const answer = await expectRefusal(test, send, refusal);
    expect(answer.headers.get('www-authenticate')).toBe(challenge);
    expect(answer.headers.get('retry-after')).toBeNull();
    expect(answer.headers.get('content-type')).toMatch(/^application\/json/);
  }
  const get =
    (token: string | undefined, path = '/testapp/protect') =>
    () => {
      client.bearer = token;
      return client.get(path);
    };
  const post = (token: string | undefined, path: string) => () => {
    client.bearer = token;
    return client.send(path);
  };

  it('token_revoked is 401, and already_blacklisted 409', async () => {
    expect((await post(refresh, `${REFRESH}/logout/`)()).status).toBe(200);
    await expectAnswer(get(access), { status: 401, code: 'token_revoked' }, BAD_TOKEN);
    await expectAnswer(post(access, '/validate_access/'), { status: 401, code: 'token_revoked' }, BAD_TOKEN);
    const revoked = { status: 401, code: 'token_revoked' } as const;
    await expectAnswer(post(refresh, `${REFRESH}/validate_refresh/`), revoked, BAD_TOKEN);
    await expectAnswer(
      post(refresh, `${REFRESH}/refresh_access/`),
      { ...revoked, error: "Can't update access token." },
      BAD_TOKEN,
    );
    await expectAnswer(
      post(refresh, `${REFRESH}/update_refresh/`),
      { ...revoked, error: "Can't update refresh token." },
      BAD_TOKEN,
    );
    await expectAnswer(
      post(refresh, `${REFRESH}/logout/`),
      { status: 409, code: 'already_blacklisted', error: 'Input jti token is already blacklisted.' },
      null,
    );
  });

  it('user_inactive is 401 for a user who is gone, and ends the session', async () => {
    test.users.rows.splice(0);
    const answer = await post(refresh, `${REFRESH}/update_refresh/`)();
    expect(answer.json).toEqual({ statusCode: 401, error: expect.any(String), code: 'user_inactive' });
    expect(answer.headers.get('www-authenticate')).toBe(BAD_TOKEN);
    expect(test.takeEvents()).toEqual(['jwto.logged_in', 'jwto.session_revoked']);
    await expectAnswer(post(refresh, `${REFRESH}/update_refresh/`), { status: 401, code: 'token_revoked' }, BAD_TOKEN);
  });

  it.each(['validate_refresh', 'refresh_access', 'update_refresh'])(
    'token_reused is 401 at %s for a token that was replaced, and ends the session',
    async (endpoint) => {
      expect((await post(refresh, `${REFRESH}/refresh_access/`)()).status).toBe(200);
      test.clock.advance(10);
      test.takeEvents();
      const answer = await post(refresh, `${REFRESH}/${endpoint}/`)();
      expect(answer.json).toEqual({ statusCode: 401, error: expect.any(String), code: 'token_reused' });
      expect([answer.status, answer.headers.get('www-authenticate'), answer.cookies]).toEqual([401, BAD_TOKEN, []]);
      expect(test.takeEvents()).toEqual(['jwto.refresh_reused', 'jwto.session_revoked']);
      const revoked = { status: 401, code: 'token_revoked' } as const;
      await expectAnswer(post(refresh, `${REFRESH}/${endpoint}/`), revoked, BAD_TOKEN);
      await expectAnswer(get(access), revoked, BAD_TOKEN);
    },
  );

  it('session_not_found is 404', async () => {
    const send = () => client.send('/sessions/revoke/', { json: { sid: 'no-such-session' } });
    await expectAnswer(send, { status: 404, code: 'session_not_found' }, null);
  });
});
