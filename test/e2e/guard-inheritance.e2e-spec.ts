import { applyDecorators, Controller, Get, Injectable, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import {
  JwtLoginRequired,
  JwtoConfigurationError,
  JwtoGuard,
  JwtoModule,
  JwtPermRequired,
  JwtRefreshRequired,
  Public,
  TokenService,
} from 'jwto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { start } from '../support/start.js';
import { startError } from '../support/startup.js';
import { SIGNING_KEY, startApp, type TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

const OK = 'ok';

@Controller('open')
@Public()
class Open {
  @Get('terms')
  terms(): string {
    return OK;
  }
  @Get('me')
  @JwtLoginRequired()
  me(): string {
    return OK;
  }
  @Get('perm')
  @JwtPermRequired(['perm1'])
  perm(): string {
    return OK;
  }
}

@JwtPermRequired(['perm2'])
class Tenant {
  @Get('inherited')
  inherited(): string {
    return OK;
  }
  @Get('overridden')
  @JwtPermRequired(['perm1'])
  overridden(): string {
    return OK;
  }
}

@Controller('more')
@JwtPermRequired(['perm1'])
class More extends Tenant {
  @Get('own')
  own(): string {
    return OK;
  }
}

@Controller('opened')
@Public()
class Opened extends Tenant {
  @Get('own')
  own(): string {
    return OK;
  }
}

@Controller('overriding')
@JwtLoginRequired()
class Overriding extends Tenant {
  @Get('overridden')
  override overridden(): string {
    return OK;
  }
}

function withPerm(perm: string): <Base extends Type>(base: Base) => Base {
  return (base) => {
    @JwtPermRequired([perm])
    class Mixed extends base {}
    return Mixed;
  };
}

@Controller('mixed')
@applyDecorators(JwtPermRequired(['perm1']))
class Mixed extends withPerm('perm2')(Object) {
  @Get('own')
  own(): string {
    return OK;
  }
}

@Controller('unmarked')
class Unmarked extends Opened {
  @Get('derived')
  derived(): string {
    return OK;
  }
}

const controllers = [Open, More, Opened, Overriding, Mixed, Unmarked];

describe.each(
  ADAPTERS.flatMap(([name, adapter]) => [
    [`on ${name}`, adapter, []] as const,
    [`on ${name} with a global guard`, adapter, [{ provide: APP_GUARD, useClass: JwtoGuard }]] as const,
  ]),
)('guard decorators of classes, methods and base classes %s', (_name, adapter, providers) => {
  let test: TestApp;
  const statusFor = async (path: string, user?: string): Promise<number> => {
    const client = test.client();
    if (user !== undefined) await client.login(user, user === 'admin' ? 'abc123' : 'pass');
    return (await client.get(path)).status;
  };
  beforeAll(async () => {
    test = await startApp({ adapter, metadata: { controllers, providers: [...providers] } });
  });
  afterAll(() => test.close());

  // alice has no permission, bob perm1, admin perm1 and perm2.
  it.each([
    ['/open/terms', 200, 200, 200, 200],
    ['/open/me', 401, 200, 200, 200],
    ['/open/perm', 401, 403, 200, 200],
    ['/more/own', 401, 403, 403, 200],
    ['/more/inherited', 401, 403, 403, 200],
    ['/more/overridden', 401, 403, 403, 200],
    ['/opened/own', 200, 200, 200, 200],
    ['/opened/inherited', 401, 403, 403, 200],
    ['/overriding/inherited', 401, 403, 403, 200],
    ['/overriding/overridden', 401, 403, 403, 200],
    ['/mixed/own', 401, 403, 403, 200],
    ['/unmarked/derived', 200, 200, 200, 200],
    ['/unmarked/inherited', 401, 403, 403, 200],
  ])('%s is %i for nobody, %i for alice, %i for bob, %i for admin', async (path, nobody, alice, bob, admin) => {
    expect([
      await statusFor(path),
      await statusFor(path, 'alice'),
      await statusFor(path, 'bob'),
      await statusFor(path, 'admin'),
    ]).toEqual([nobody, alice, bob, admin]);
  });
});

describe('a requirement beside @Public() on one and the same target', () => {
  const jwto = () => JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: TestUsers });
  const starts = (controller: Type) => startError(() => start({ imports: [jwto()], controllers: [controller] }));

  it.each([
    ['JwtLoginRequired', JwtLoginRequired()],
    ['JwtPermRequired', JwtPermRequired(['a'])],
    ['JwtRefreshRequired', JwtRefreshRequired()],
  ])('stops the start: @%s() on a class, a method, and in one decorator of both', async (_name, required) => {
    @Controller('a')
    @Public()
    @required
    class OnClass {}

    @Controller('b')
    class OnMethod {
      @Get()
      @required
      @Public()
      get(): string {
        return OK;
      }
    }

    @Controller('c')
    @applyDecorators(required, Public())
    class Applied {}

    @Controller('d')
    class Inherited extends OnMethod {}

    for (const controller of [OnClass, OnMethod, Applied, Inherited]) {
      const error = await starts(controller);
      expect(error).toBeInstanceOf(JwtoConfigurationError);
      expect(String(error)).toMatch(/@Public\(\) stands on .*(OnClass|OnMethod|Applied)/);
    }
  });

  it('is looked for in providers too, whose methods may be handlers of another kind', async () => {
    @Injectable()
    class Resolver {
      @JwtLoginRequired()
      @Public()
      me(): string {
        return OK;
      }
    }
    const error = await startError(() => start({ imports: [jwto()], providers: [Resolver] }));
    expect(String(error)).toContain('Resolver.me');
  });
});

it('a token that was good a moment ago ends with its session on a route that is guarded twice', async () => {
  const test = await startApp({ metadata: { controllers } });
  const client = test.client();
  await client.login('admin', 'abc123');
  expect((await client.get('/more/overridden')).status).toBe(200);
  test.clock.advance(2);
  await test.app.get(TokenService).revokeAll();
  expect((await client.get('/more/overridden')).status).toBe(401);
  await test.close();
});
