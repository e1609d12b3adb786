import { Controller, Get, HttpCode, Injectable, Post, Req, UseGuards } from '@nestjs/common';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import jsonwebtoken from 'jsonwebtoken';
import { CurrentUser, JwtLoginRequired, TokenClaims, type JwtoClaims, type JwtoUser } from 'jwto';
import { ExtractJwt, Strategy } from 'passport-jwt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Answer, Client, Sending } from '../support/client.js';
import { startApp, type TestApp } from '../support/test-app.js';

const OTHER_SECRET = 'the-secret-of-the-application-itself';

/** A strategy that the application has anyway, by the name that everybody uses. */
@Injectable()
class OtherStrategy extends PassportStrategy(Strategy, 'jwt') {
  constructor() {
    super({
      jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(),
      secretOrKey: OTHER_SECRET,
      algorithms: ['HS256'],
    });
  }

  validate(payload: { name: string }): object {
    return { name: payload.name };
  }
}

@Controller('both')
class BothController {
  @Get('passport')
  @UseGuards(AuthGuard('jwto'))
  passport(
    @CurrentUser() user: JwtoUser,
    @TokenClaims() claims: JwtoClaims,
    @Req() request: { user: JwtoUser },
  ): object {
    return { user, sub: claims.sub, same: request.user.id === user.id };
  }
  @Post('passport')
  @HttpCode(200)
  @UseGuards(AuthGuard('jwto'))
  changeByPassport(): string {
    return 'changed';
  }
  @Get('own')
  @JwtLoginRequired()
  own(@CurrentUser() user: JwtoUser, @TokenClaims() claims: JwtoClaims, @Req() request: { user: JwtoUser }): object {
    return { user, sub: claims.sub, same: request.user.id === user.id };
  }
  @Post('own')
  @HttpCode(200)
  @JwtLoginRequired()
  changeByOwn(): string {
    return 'changed';
  }
  @Get('other')
  @UseGuards(AuthGuard('jwt'))
  other(@Req() request: { user: object }): object {
    return request.user;
  }
}

const metadata = { controllers: [BothController], providers: [OtherStrategy] };

/** What both guards must have in common of an answer. */
function seen({ status, text, headers }: Answer): object {
  return {
    status,
    text,
    challenge: headers.get('www-authenticate'),
    retry: headers.get('retry-after'),
    cookie: headers.getSetCookie(),
  };
}

async function expectSame(client: Client, sending: Sending, status: number): Promise<Answer> {
  const [own, passport] = [await client.send('/both/own', sending), await client.send('/both/passport', sending)];
  expect(seen(passport)).toEqual(seen(own));
  expect(passport.status).toBe(status);
  return passport;
}

describe.each(ADAPTERS)('AuthGuard("jwto") on %s answers as our own guard', (_name, adapter) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ adapter, metadata, options: { mode: ['JSON', 'TWO-COOKIES'] } });
  });
  afterAll(() => test.close());
  const GET = { method: 'GET' };

  it('a good token, with the user for the decorators and in request.user', async () => {
    const client = test.client();
    await client.login('bob');
    const { json } = await expectSame(client, GET, 200);
    expect(json).toEqual({ user: { id: 2, username: 'bob', perms: ['perm1'] }, sub: '2', same: true });
    expect((await expectSame(client, {}, 200)).text).toBe('changed');
  });

  it('no token, bad ones and expired ones', async () => {
    const client = test.client();
    expect((await expectSame(client, GET, 401)).json.code).toBe('token_missing');
    const { json } = await client.login();
    const texts: [string, string][] = [
      ['nonsense', 'token_malformed'],
      [`${json.access ?? ''}A`, 'token_invalid'],
      [jsonwebtoken.sign({ name: 'x' }, OTHER_SECRET), 'token_invalid'],
      [json.refresh ?? '', 'token_wrong_type'],
    ];
    for (const [token, code] of texts) {
      client.bearer = token;
      const answer = await expectSame(client, GET, 401);
      expect([token, answer.json.code]).toEqual([token, code]);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer realm="api", error="invalid_token"');
    }
    client.bearer = json.access;
    test.clock.advance(301);
    expect((await expectSame(client, GET, 401)).json.code).toBe('token_expired');
  });

  it('a revoked session', async () => {
    const client = test.client();
    await client.login();
    await test.tokens.revokeUser(1);
    expect((await expectSame(client, GET, 401)).json.code).toBe('token_revoked');
  });

  it('a cookie session without, with a foreign, and with its own CSRF token', async () => {
    const client = test.client();
    await client.login('bob', 'pass', { mode: 'TWO-COOKIES' });
    client.bearer = undefined;
    expect((await expectSame(client, GET, 200)).json).toMatchObject({ sub: '2' });
    test.takeEvents();
    expect((await expectSame(client, {}, 403)).json.code).toBe('csrf_missing');
    expect((await expectSame(client, { headers: { 'x-csrftoken': 'x' } }, 403)).json.code).toBe('csrf_mismatch');
    const foreign = { ...client.csrf(), origin: 'https://evil.example' };
    expect((await expectSame(client, { headers: foreign }, 403)).json.code).toBe('csrf_origin');
    expect(test.takeEvents()).toEqual(Array(6).fill('jwto.csrf_failed'));
    expect((await expectSame(client, { headers: client.csrf() }, 200)).text).toBe('changed');
  });

  it('two Authorization headers in one', async () => {
    const client = test.client();
    await client.login();
    await expectSame(client, { ...GET, headers: { authorization: 'Bearer a, Bearer b' } }, 401);
  });
});

describe.each(ADAPTERS)('AuthGuard("jwto") on %s', (_name, adapter) => {
  it('stands beside a passport-jwt strategy of the application', async () => {
    const test = await startApp({ adapter, metadata });
    const client = test.client();
    await client.login('bob');
    expect((await client.get('/both/other')).status).toBe(401);
    expect((await client.get('/both/passport')).status).toBe(200);
    client.bearer = jsonwebtoken.sign({ name: 'theirs' }, OTHER_SECRET);
    expect((await client.get('/both/other')).json).toEqual({ name: 'theirs' });
    expect((await client.get('/both/passport')).json.code).toBe('token_invalid');
    await test.close();
  });

  it('finds the application of a request, where two run in one process', async () => {
    const one = await startApp({ adapter, metadata });
    const two = await startApp({ adapter, metadata, options: { signingKey: OTHER_SECRET } });
    for (const [app, other] of [
      [one, two],
      [two, one],
    ] as const) {
      const client = app.client();
      await client.login('bob');
      expect((await client.get('/both/passport')).status).toBe(200);
      const elsewhere = other.client();
      elsewhere.bearer = client.bearer;
      expect((await elsewhere.get('/both/passport')).json.code).toBe('token_invalid');
    }
    await one.close();
    const client = two.client();
    await client.login('bob');
    expect((await client.get('/both/passport')).status).toBe(200);
    await two.close();
  });

  it('keeps what an errorMapper made of a refusal', async () => {
    const errorMapper = () => ({ status: 418, body: { mapped: true } });
    const test = await startApp({ adapter, metadata, options: { errorMapper } });
    const answer = await expectSame(test.client(), { method: 'GET' }, 418);
    expect(answer.json).toEqual({ mapped: true });
    await test.close();
  });
});
