import { Controller, Get, UseGuards, type INestApplication } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { CurrentUser, JwtLoginRequired, Public, TokenClaims, type JwtoClaims, type JwtoUser } from 'jwto';
import { describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { KeyStrategy } from '../support/key-strategy.js';
import { startApp } from '../support/test-app.js';

type Nobody = undefined;

@Controller('closed')
class ClosedController {
  @Get('plain')
  plain(@CurrentUser('username') name: string): string {
    return name;
  }
  @Get('open')
  @Public()
  open(@CurrentUser() user: JwtoUser | Nobody, @TokenClaims() claims: JwtoClaims | Nobody): string {
    return user === undefined && claims === undefined ? 'nobody' : 'somebody';
  }
}

@Controller('open')
@Public()
class OpenController {
  @Get('plain')
  plain(): string {
    return 'open';
  }
  @Get('own')
  @JwtLoginRequired()
  own(@CurrentUser('username') name: string): string {
    return name;
  }
  @Get('passport')
  @UseGuards(AuthGuard('jwto'))
  passport(@CurrentUser('username') name: string): string {
    return name;
  }
}

/** Applications write guards of their own upon the one of Passport. */
class OwnGuard extends AuthGuard('jwto') {
  override getAuthenticateOptions(): { session: boolean } {
    return { session: false };
  }
}

const controllers = [ClosedController, OpenController];
const byToken = (guard: ReturnType<typeof AuthGuard>) => ({ providers: [{ provide: APP_GUARD, useClass: guard }] });

describe.each(ADAPTERS)('AuthGuard("jwto") as a global guard on %s', (_name, adapter) => {
  it.each([
    ['by APP_GUARD', byToken(AuthGuard('jwto')), undefined],
    ['by APP_GUARD, extended', byToken(OwnGuard), undefined],
    ['in a chain', { providers: [KeyStrategy, ...byToken(AuthGuard(['key', 'jwto'])).providers] }, undefined],
    [
      'by useGlobalGuards',
      {},
      (app: INestApplication) => {
        app.useGlobalGuards(new (AuthGuard('jwto'))());
      },
    ],
  ])('leaves our endpoints and public handlers open, %s', async (_how, more, setUp) => {
    const test = await startApp({ adapter, metadata: { controllers, ...more }, ...(setUp && { setUp }) });
    const [nobody, bob] = [test.client(), test.client()];
    const { json } = await bob.login('bob');
    expect((await nobody.get('/closed/plain')).json.code).toBe('token_missing');
    expect((await bob.get('/closed/plain')).text).toBe('bob');
    for (const client of [nobody, bob]) {
      const answers = [await client.get('/closed/open'), await client.get('/open/plain')];
      expect(answers.map(({ status, text }) => [status, text])).toEqual([
        [200, 'nobody'],
        [200, 'open'],
      ]);
    }
    bob.bearer = json.refresh;
    expect((await bob.refresh('refresh_access')).status).toBe(200);
    await test.close();
  });

  it('opens no route that asks for a token itself in a public class', async () => {
    const test = await startApp({ adapter, metadata: { controllers, ...byToken(AuthGuard('jwto')) } });
    const [nobody, bob] = [test.client(), test.client()];
    await bob.login('bob');
    for (const path of ['/open/own', '/open/passport']) {
      expect((await nobody.get(path)).json.code, path).toBe('token_missing');
      expect((await bob.get(path)).text, path).toBe('bob');
    }
    await test.close();
  });

  it('leaves a global guard of another strategy as it is', async () => {
    const metadata = { controllers, providers: [KeyStrategy, ...byToken(AuthGuard('key')).providers] };
    const test = await startApp({ adapter, metadata });
    expect((await test.client().get('/open/plain')).status).toBe(401);
    expect((await test.client().get('/open/plain', { 'x-api-key': 'k1' })).text).toBe('open');
    await test.close();
  });
});
