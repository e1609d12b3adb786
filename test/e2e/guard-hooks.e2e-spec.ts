import {
  Controller,
  Get,
  Injectable,
  NotFoundException,
  UseGuards,
  type ExecutionContext,
  type Type,
} from '@nestjs/common';
import { APP_GUARD, ModulesContainer } from '@nestjs/core';
import { CurrentUser, JwtLoginRequired, JwtoGuard, JwtoModule, JwtPermRequired, Public, type JwtoError } from 'jwto';
import { describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { expectRefusal } from '../support/refusals.js';
import { start } from '../support/start.js';
import { SIGNING_KEY, startApp, type TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

/** Health checks come without a token; whoever lacks a permission does not learn that the route is there. */
@Injectable()
class AppGuard extends JwtoGuard {
  static readonly asked: string[] = [];

  protected override shouldSkip(context: ExecutionContext): boolean | Promise<boolean> {
    AppGuard.asked.push(context.getHandler().name);
    const skips = context.getHandler().name.startsWith('health');
    return context.getHandler().name === 'healthLater' || context.getHandler().name === 'later'
      ? Promise.resolve(skips)
      : skips;
  }
  protected override refuse(context: ExecutionContext, error: JwtoError): never {
    if (error.code === 'permission_denied') throw new NotFoundException('hidden');
    return super.refuse(context, error);
  }
}

@Controller('app')
class Routes {
  @Get('health')
  health(): string {
    return 'healthy';
  }
  @Get('health-later')
  healthLater(): string {
    return 'healthy';
  }
  @Get('later')
  later(@CurrentUser('username') name: string): string {
    return name;
  }
  @Get('mine')
  mine(@CurrentUser('username') name: string): string {
    return name;
  }
  @Get('health-of-admins')
  @JwtLoginRequired()
  healthOfAdmins(): string {
    return 'healthy';
  }
  @Get('open')
  @Public()
  open(): string {
    return 'open';
  }
}

@Controller('hidden')
@UseGuards(AppGuard)
class Hidden {
  @Get()
  mine(@CurrentUser('username') name: string): string {
    return name;
  }
  @Get('twice')
  @JwtPermRequired(['perm1'])
  twice(@CurrentUser('username') name: string): string {
    return name;
  }
}

const refused = (test: TestApp, path: string) =>
  expectRefusal(test, () => test.client().get(path), { status: 401, code: 'token_missing' });

describe.each(ADAPTERS)('a subclass of JwtoGuard on %s', (_name, adapter) => {
  const open = (providers: { provide: symbol | string; useClass: Type }[] = []): Promise<TestApp> =>
    startApp({ adapter, metadata: { controllers: [Routes, Hidden], providers } });

  it('skips what it says as a global guard, at once or later, and guards the rest', async () => {
    const test = await open([{ provide: APP_GUARD, useClass: AppGuard }]);
    const bob = test.client();
    await bob.login('bob');
    AppGuard.asked.length = 0;
    for (const path of ['/app/health', '/app/health-later'])
      expect((await test.client().get(path)).text).toBe('healthy');
    for (const path of ['/app/mine', '/app/later']) {
      expect((await refused(test, path)).headers.get('www-authenticate')).toBe('Bearer realm="api"');
      expect((await bob.get(path)).text).toBe('bob');
    }
    // The decorator brings the guard itself.
    await refused(test, '/app/health-of-admins');
    expect((await bob.get('/app/open')).text).toBe('open');
    expect(AppGuard.asked).not.toContain('open');
    await test.close();
  });

  it('refuses in its own way, also what is found out later', async () => {
    for (const blocklistCheck of ['replica', 'database'] as const) {
      const test = await startApp({
        adapter,
        options: { blocklistCheck },
        metadata: { controllers: [Hidden] },
        override: (builder) => builder.overrideGuard(JwtoGuard).useClass(AppGuard),
      });
      const [alice, bob] = [test.client(), test.client()];
      await alice.login('alice');
      await bob.login('bob');
      const hidden = await alice.get('/hidden/twice');
      expect([hidden.status, hidden.json['message']]).toEqual([404, 'hidden']);
      expect((await bob.get('/hidden/twice')).text).toBe('bob');
      expect((await alice.get('/hidden')).text).toBe('alice');
      await refused(test, '/hidden/twice');
      await test.close();
    }
  });
});

it('JwtoGuard is one provider, however many module instances there are', async () => {
  const options = { signingKey: SIGNING_KEY, users: TestUsers };
  const admin = {
    ...options,
    name: 'admin',
    signingKey: 'the-signing-key-of-the-administration',
    refreshCookiePath: 'admin/refresh',
    endpoints: { login: 'admin/login', validateAccess: 'admin/validate', sessions: 'admin/sessions' },
  };
  const imports = [JwtoModule.forRoot(options), JwtoModule.forRoot(admin)];
  const providers = [{ provide: APP_GUARD, useExisting: JwtoGuard }];
  const test = await start({ imports, providers, controllers: [Routes] });
  const homes = [...test.app.get(ModulesContainer).values()].filter(({ providers: own }) => own.has(JwtoGuard));
  expect(homes).toHaveLength(1);
  expect((await test.client().get('/app/mine')).json.code).toBe('token_missing');
  await test.close();
});
