import { Controller, Get, HttpCode, Post } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import {
  CsrfExempt,
  CurrentUser,
  JwtLoginOptional,
  JwtoGuard,
  TokenClaims,
  type JwtoClaims,
  type JwtoUser,
} from 'jwto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, joined, type Difference } from '../support/browser.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

type Nobody = undefined;

@Controller('news')
class News {
  @Get()
  @JwtLoginOptional()
  read(@CurrentUser('username') name: string | Nobody, @TokenClaims('sub') sub: string | Nobody): object {
    return { name: name ?? null, sub: sub ?? null };
  }
  @Post()
  @HttpCode(200)
  @JwtLoginOptional()
  comment(@CurrentUser() user: JwtoUser | Nobody, @TokenClaims() claims: JwtoClaims | Nobody): object {
    return { name: user?.username ?? null, sub: claims?.sub ?? null };
  }
  @Post('search')
  @HttpCode(200)
  @JwtLoginOptional()
  @CsrfExempt()
  search(@CurrentUser('username') name: string | Nobody): object {
    return { name: name ?? null };
  }
}

const NOBODY = { name: null, sub: null };
const BOB = { name: 'bob', sub: '2' };
const metadata = { controllers: [News] };

/** A token that everybody can see is not ours. */
const FORGED = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyIn0.c2lnbmF0dXJl';

describe.each(ADAPTERS)('@JwtLoginOptional() by header on %s', (_name, adapter) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ adapter, metadata });
  });
  afterAll(() => test.close());

  it('gives the user of a good token, and undefined where none came', async () => {
    const [nobody, bob] = [test.client(), test.client()];
    await bob.login('bob');
    for (const method of ['GET', 'POST']) {
      expect((await nobody.send('/news', { method })).json).toEqual(NOBODY);
      expect((await bob.send('/news', { method })).json).toEqual(BOB);
    }
    // A header of another scheme is not a credential here.
    expect((await nobody.get('/news', { authorization: 'Basic Ym9iOnBhc3M=' })).json).toEqual(NOBODY);
  });

  it('refuses a token that is not accepted, and issues nothing', async () => {
    const bob = test.client();
    const { json } = await bob.login('bob');
    const send = (authorization: string) => () => test.client().get('/news', { authorization });
    const refused = (authorization: string, code: 'token_invalid' | 'token_missing' | 'token_malformed') =>
      expectRefusal(test, send(authorization), { status: 401, code });
    const answer = await refused(`Bearer ${FORGED}`, 'token_invalid');
    expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api", error="invalid_token"');
    await refused('Bearer', 'token_missing');
    await refused('Bearer ?', 'token_malformed');
    await expectRefusal(test, send(`Bearer ${String(json.refresh)}`), { status: 401, code: 'token_wrong_type' });
    await test.tokens.revokeUser(2);
    await expectRefusal(test, () => bob.get('/news'), { status: 401, code: 'token_revoked' });
  });

  it('refuses an expired token', async () => {
    const bob = test.client();
    await bob.login('bob');
    test.clock.advance(301);
    await expectRefusal(test, () => bob.get('/news'), { status: 401, code: 'token_expired' });
  });
});

describe.each(
  ADAPTERS.flatMap(([name, adapter]) =>
    (['ONE-COOKIE', 'TWO-COOKIES'] as const).map((mode) => [mode, name, adapter] as const),
  ),
)('@JwtLoginOptional() in %s on %s', (mode, _name, adapter) => {
  let test: TestApp;
  let browser: Browser;
  const access = mode === 'ONE-COOKIE' ? 'jwt_access' : 'jwt_access_token';
  const without: Difference = { headers: { 'x-csrftoken': null }, cookies: () => 'theme=dark' };
  const foreign: Difference = { headers: { origin: 'https://evil.example' } };
  beforeAll(async () => {
    test = await startApp({ adapter, metadata, options: { mode } });
  });
  beforeEach(async () => {
    test.clock.advance(1);
    browser = await Browser.signIn(test, 'bob');
  });
  afterAll(() => test.close());

  it('gives the user of a good cookie, and undefined where none came', async () => {
    for (const route of ['GET /news', 'POST /news']) {
      expect((await browser.send(route)).json, route).toEqual(BOB);
      expect((await browser.send(route, without)).json, route).toEqual(NOBODY);
    }
    // An empty cookie is not a token.
    const emptied = await browser.send('GET /news', { cookies: (own) => joined(own, { [access]: '' }) });
    expect(emptied.json).toEqual(NOBODY);
  });

  it('refuses a cookie that is not accepted, and issues nothing', async () => {
    const forged = { cookies: (own: Readonly<Record<string, string>>) => joined(own, { [access]: FORGED }) };
    await expectRefusal(test, () => browser.send('GET /news', forged), { status: 401, code: 'token_invalid' });
    await test.tokens.revokeUser(2);
    await expectRefusal(test, () => browser.send('GET /news'), { status: 401, code: 'token_revoked' });
  });

  it('checks CSRF of an unsafe method where a cookie came, and only there', async () => {
    const events = ['jwto.csrf_failed'] as const;
    const send = (difference: Difference) => () => browser.send('POST /news', difference);
    await expectRefusal(test, send(foreign), { status: 403, code: 'csrf_origin', events });
    const headers = { 'x-csrftoken': null };
    await expectRefusal(test, send({ headers }), { status: 403, code: 'csrf_missing', events });
    const other = await Browser.signIn(test, 'alice');
    const swapped = {
      headers: { 'x-csrftoken': other.csrf },
      cookies: (own: Readonly<Record<string, string>>) => joined(own, { csrftoken: other.csrf }),
    };
    await expectRefusal(test, send(swapped), { status: 403, code: 'csrf_mismatch', events });
    expect((await browser.send('GET /news', foreign)).json).toEqual(BOB);
    expect((await browser.send('POST /news', { ...without, headers: { origin: null } })).json).toEqual(NOBODY);
    expect((await browser.send('POST /news/search', foreign)).json).toEqual({ name: 'bob' });
  });
});

describe.each(ADAPTERS)('@JwtLoginOptional() below a global guard on %s', (_name, adapter) => {
  it.each([
    ['JwtoGuard', JwtoGuard],
    ['AuthGuard("jwto")', AuthGuard('jwto')],
  ])('opens its route as @Public() does, and looks at the token: %s', async (_guard, useClass) => {
    const providers = [{ provide: APP_GUARD, useClass }];
    const test = await startApp({ adapter, metadata: { ...metadata, providers } });
    const [nobody, bob] = [test.client(), test.client()];
    await bob.login('bob');
    expect((await nobody.get('/news')).json).toEqual(NOBODY);
    expect((await bob.get('/news')).json).toEqual(BOB);
    expect((await nobody.get('/news', { authorization: `Bearer ${FORGED}` })).json.code).toBe('token_invalid');
    await test.close();
  });
});
