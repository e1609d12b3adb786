import { expect } from 'vitest';
import type { Answer } from './client.js';
import { claimsOf, type Members } from './forge.js';
import { expectNothingDone, expectRefusal, storedRows } from './refusals.js';
import { startApp, type TestApp, type TestAppOptions } from './test-app.js';

/** The two codes of a token that is none of ours; they have one text. */
export type BadTokenCode = 'token_malformed' | 'token_invalid';

const REFRESH = '/api/token/refresh';
/** Where an access token is looked at. */
const ACCESS_ROUTES = ['GET /testapp/protect', 'POST /testapp/protect', 'POST /validate_access/'] as const;
/** Where a refresh token is. */
const REFRESH_ROUTES = [
  'GET /testapp/refresh_only',
  `POST ${REFRESH}/validate_refresh/`,
  `POST ${REFRESH}/refresh_access/`,
  `POST ${REFRESH}/update_refresh/`,
] as const;
/** Where either is taken, whatever its times. */
const LOGOUT = `POST ${REFRESH}/logout/`;

/** An application in JSON mode with a live session of `admin`, and what an attacker does to its tokens. */
export class TokenAttack {
  private constructor(
    readonly test: TestApp,
    readonly access: string,
    readonly refresh: string,
    private readonly badText: string,
  ) {}

  static async start(config: TestAppOptions = {}): Promise<TokenAttack> {
    const test = await startApp(config);
    const { json } = await test.client().login('admin', 'abc123');
    const garbage = test.client();
    garbage.bearer = 'garbage';
    const { error = '' } = (await garbage.get('/testapp/protect')).json;
    return new TokenAttack(test, json.access ?? '', json.refresh ?? '', error);
  }

  /** The claims of the session's good access token. */
  get claims(): Members {
    return claimsOf(this.access);
  }

  /** The claims of its refresh token. */
  get refreshClaims(): Members {
    return claimsOf(this.refresh);
  }

  /** Sends a token as Bearer to `METHOD /path`. */
  send(token: string, route: string): Promise<Answer> {
    const [method = '', path = ''] = route.split(' ');
    const client = this.test.client();
    client.bearer = token;
    return client.send(path, { method });
  }

  /** Expects that a token is taken for none of ours wherever an access token may come. */
  async expectBad(token: string, code: BadTokenCode = 'token_invalid'): Promise<void> {
    await this.expectBadOn([...ACCESS_ROUTES, LOGOUT], token, code);
  }

  /** The same wherever a refresh token may come. */
  async expectBadRefresh(token: string, code: BadTokenCode = 'token_invalid'): Promise<void> {
    await this.expectBadOn([...REFRESH_ROUTES, LOGOUT], token, code);
  }

  /** Expects a refusal, with one explanation, on each route that takes the type. */
  async expectRefused(
    token: string,
    type: 'access' | 'refresh',
    code: 'token_expired' | 'token_not_yet_valid' | 'token_wrong_type' | 'token_revoked',
    error?: string,
  ): Promise<void> {
    for (const route of type === 'access' ? ACCESS_ROUTES : REFRESH_ROUTES) {
      const answer = await expectRefusal(this.test, () => this.send(token, route), {
        status: 401,
        code,
        ...(error === undefined ? {} : { error }),
      });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api", error="invalid_token"');
    }
  }

  /** Expects that a token is good: what makes the refusals of its variants mean something. */
  async expectGood(token: string, type: 'access' | 'refresh' = 'access'): Promise<void> {
    const answer = await this.send(
      token,
      type === 'access' ? 'POST /validate_access/' : `POST ${REFRESH}/validate_refresh/`,
    );
    expect(answer.json).toEqual({ msg: 'Token is valid' });
  }

  private async expectBadOn(routes: readonly string[], token: string, code: BadTokenCode): Promise<void> {
    for (const route of routes) {
      const answer = await expectRefusal(this.test, () => this.send(token, route), {
        status: 401,
        code,
        error: this.badText,
      });
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api", error="invalid_token"');
    }
    // DELETE never refuses for a token's state, and ends nothing for a bad one.
    const before = await storedRows(this.test);
    const deleted = await this.send(token, `DELETE ${REFRESH}/logout/`);
    expect(deleted.status).toBe(204);
    await expectNothingDone(this.test, deleted, before);
  }
}
