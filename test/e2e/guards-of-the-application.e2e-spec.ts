import { Controller, Get, Injectable, UseGuards, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  CurrentUser,
  JwtLoginRequired,
  JwtoGuard,
  JwtPermRequired,
  Public,
  TokenClaims,
  type JwtoClaims,
  type JwtoUser,
} from 'jwto';
import { describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { startApp } from '../support/test-app.js';

/** As Nest's documentation writes a guard: it puts whom it lets in on the request. */
@Injectable()
class VouchingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    const request = context.switchToHttp().getRequest<{ user?: unknown }>();
    request.user = { id: 7, username: 'machine' };
    return true;
  }
}

@Controller('vouched')
class VouchedController {
  @Get('required')
  @JwtPermRequired(['perm1'])
  required(
    @CurrentUser() user: JwtoUser,
    @CurrentUser('username') name: string,
    @TokenClaims() claims: JwtoClaims,
    @TokenClaims('sid') sid: string | undefined,
  ): object {
    return { user, name, claims, sid: sid ?? null };
  }
  @Get('other')
  @UseGuards(VouchingGuard)
  other(@CurrentUser('username') name: string, @TokenClaims('user') user: JwtoUser): string {
    return `${name} ${user.username}`;
  }
  @Get('public')
  @Public()
  @UseGuards(VouchingGuard)
  public(@CurrentUser('username') name: string, @TokenClaims() claims: JwtoClaims | undefined): string {
    return `${name} ${String(claims?.user.username)}`;
  }
  @Get('plain')
  plain(@CurrentUser() user: JwtoUser): JwtoUser {
    return user;
  }
  @Get('unset')
  @JwtLoginRequired()
  unset(@CurrentUser() user: JwtoUser): JwtoUser {
    return user;
  }
}

const controllers = [VouchedController];
const machine = { id: 7, username: 'machine' };

describe.each(ADAPTERS)('the decorators of parameters on %s', (_name, adapter) => {
  it('give what a mock in the place of our guard has put on the request', async () => {
    const test = await startApp({
      adapter,
      metadata: { controllers },
      override: (builder) => builder.overrideGuard(JwtoGuard).useClass(VouchingGuard),
    });
    const { status, json } = await test.client().get('/vouched/required');
    expect([status, json]).toEqual([200, { user: machine, name: 'machine', claims: { user: machine }, sid: null }]);
    await test.close();
  });

  it.each([
    ['overrideGuard', 'decorators', '/vouched/unset'],
    ['overrideProvider', 'a global guard by useExisting', '/vouched/plain'],
  ] as const)('give whom a mock object puts there: %s in the place of %s', async (override, _place, path) => {
    const canActivate = (context: ExecutionContext): boolean => new VouchingGuard().canActivate(context);
    const providers = override === 'overrideProvider' ? [{ provide: APP_GUARD, useExisting: JwtoGuard }] : [];
    const test = await startApp({
      adapter,
      metadata: { controllers, providers },
      override: (builder) => builder[override](JwtoGuard).useValue({ canActivate }),
    });
    expect((await test.client().get(path)).json).toEqual(machine);
    await test.close();
  });

  it('say what a mock lacks that puts nobody there', async () => {
    const test = await startApp({
      adapter,
      metadata: { controllers },
      override: (builder) => builder.overrideGuard(JwtoGuard).useValue({ canActivate: () => true }),
    });
    expect((await test.client().get('/vouched/unset')).status).toBe(500);
    await test.close();
  });

  it('give what a guard of the application has put there, beside no guard of ours and on a public route', async () => {
    for (const providers of [[], [{ provide: APP_GUARD, useClass: JwtoGuard }]]) {
      const test = await startApp({ adapter, metadata: { controllers, providers } });
      const bob = test.client();
      await bob.login('bob');
      expect((await test.client().get('/vouched/public')).text).toBe('machine machine');
      if (providers.length === 0) expect((await test.client().get('/vouched/other')).text).toBe('machine machine');
      // Where ours has signed somebody in, it is the token's user, whom the claims name too.
      else expect((await bob.get('/vouched/other')).text).toBe('bob bob');
      await test.close();
    }
  });
});
