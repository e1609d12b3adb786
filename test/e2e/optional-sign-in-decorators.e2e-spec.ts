import { applyDecorators, Controller, Get, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import {
  CurrentUser,
  JwtLoginOptional,
  JwtLoginRequired,
  JwtoConfigurationError,
  JwtoGuard,
  JwtoModule,
  JwtPermRequired,
  JwtRefreshRequired,
  Public,
  type JwtoModuleOptions,
  type JwtoUser,
} from 'jwto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { start } from '../support/start.js';
import { startError } from '../support/startup.js';
import { SIGNING_KEY, startApp, type TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

const nameOf = (user: JwtoUser | undefined): string => user?.username ?? 'nobody';

@Controller('open')
@JwtLoginOptional()
class Optional {
  @Get('own')
  own(@CurrentUser() user?: JwtoUser): string {
    return nameOf(user);
  }
  @Get('required')
  @JwtLoginRequired()
  required(@CurrentUser() user?: JwtoUser): string {
    return nameOf(user);
  }
  @Get('perm')
  @JwtPermRequired(['perm1'])
  perm(@CurrentUser() user?: JwtoUser): string {
    return nameOf(user);
  }
  @Get('public')
  @Public()
  public(@CurrentUser() user?: JwtoUser): string {
    return nameOf(user);
  }
}

@JwtPermRequired(['perm1'])
class Closed {
  @Get('inherited')
  inherited(@CurrentUser() user?: JwtoUser): string {
    return nameOf(user);
  }
  @Get('optional')
  @JwtLoginOptional()
  optional(@CurrentUser() user?: JwtoUser): string {
    return nameOf(user);
  }
}

@Controller('opened')
@JwtLoginOptional()
class Opened extends Closed {
  @Get('own')
  own(@CurrentUser() user?: JwtoUser): string {
    return nameOf(user);
  }
}

@Controller('derived')
class Derived extends Opened {
  @Get('more')
  more(@CurrentUser() user?: JwtoUser): string {
    return nameOf(user);
  }
}

@Controller('closed-again')
@JwtLoginRequired()
class ClosedAgain extends Optional {}

@Controller('public')
@Public()
class InPublic {
  @Get('optional')
  @JwtLoginOptional()
  optional(@CurrentUser() user?: JwtoUser): string {
    return nameOf(user);
  }
}

const controllers = [Optional, Opened, Derived, ClosedAgain, InPublic];
const FORGED = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIyIn0.c2lnbmF0dXJl';

describe.each(
  ADAPTERS.flatMap(([name, adapter]) => [
    [`on ${name}`, adapter, []] as const,
    [`on ${name} with a global guard`, adapter, [{ provide: APP_GUARD, useClass: JwtoGuard }]] as const,
  ]),
)('@JwtLoginOptional() beside the decorators of methods, classes and base classes %s', (_name, adapter, providers) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ adapter, metadata: { controllers, providers: [...providers] } });
  });
  afterAll(() => test.close());

  // alice has no permission, bob perm1; the last one has a token that is not ours.
  it.each([
    ['/open/own', 'nobody', 'alice', 'bob', 401],
    ['/open/required', 401, 'alice', 'bob', 401],
    ['/open/perm', 401, 403, 'bob', 401],
    ['/open/public', 'nobody', 'nobody', 'nobody', 'nobody'],
    ['/opened/own', 'nobody', 'alice', 'bob', 401],
    ['/opened/inherited', 401, 403, 'bob', 401],
    ['/opened/optional', 'nobody', 'alice', 'bob', 401],
    ['/derived/more', 'nobody', 'alice', 'bob', 401],
    ['/derived/inherited', 401, 403, 'bob', 401],
    ['/closed-again/own', 401, 'alice', 'bob', 401],
    ['/public/optional', 'nobody', 'alice', 'bob', 401],
  ])('%s gives %s, %s, %s, %s', async (path, ...expected) => {
    const clients = [test.client(), test.client(), test.client(), test.client()] as const;
    await clients[1].login('alice');
    await clients[2].login('bob');
    clients[3].bearer = FORGED;
    const answers = await Promise.all(clients.map((client) => client.get(path)));
    expect(answers.map(({ status, text }) => (status === 200 ? text : status))).toEqual(expected);
  });

  it('is in the OpenAPI document as security that is optional', () => {
    const { paths } = SwaggerModule.createDocument(test.app, new DocumentBuilder().addBearerAuth().build());
    const isOptional = (path: string): boolean =>
      paths[path]?.get?.security?.some((one) => Object.keys(one).length === 0) ?? false;
    const optional = ['/open/own', '/opened/own', '/opened/optional', '/public/optional'];
    const not = ['/open/required', '/open/perm', '/opened/inherited', '/derived/inherited'];
    expect([...optional, ...not].filter(isOptional)).toEqual(optional);
    expect(paths['/opened/own']?.get?.security).toEqual(expect.arrayContaining([{ bearer: [] }, {}]));
    expect(Object.keys(paths['/open/own']?.get?.responses ?? {})).toEqual(expect.arrayContaining(['401', '403']));
  });
});

const CUSTOMERS = { signingKey: SIGNING_KEY, users: TestUsers } satisfies JwtoModuleOptions;
const ADMINS = {
  ...CUSTOMERS,
  name: 'admin',
  signingKey: 'the-signing-key-of-the-administration',
  refreshCookiePath: 'admin/refresh',
  endpoints: { login: 'admin/login', validateAccess: 'admin/validate', sessions: 'admin/sessions' },
} satisfies JwtoModuleOptions;

describe.each(ADAPTERS)('@JwtLoginOptional() of a named instance on %s', (_name, adapter) => {
  it('takes the instance’s tokens, and its class’s instance where it names none', async () => {
    @Controller('named')
    class Named {
      @Get()
      @JwtLoginOptional({ instance: 'admin' })
      read(@CurrentUser() user?: JwtoUser): string {
        return nameOf(user);
      }
    }
    @Controller('of-class')
    @JwtLoginRequired({ instance: 'admin' })
    class OfClass {
      @Get()
      @JwtLoginOptional()
      read(@CurrentUser() user?: JwtoUser): string {
        return nameOf(user);
      }
    }
    const imports = [JwtoModule.forRoot(CUSTOMERS), JwtoModule.forRoot(ADMINS)];
    const test = await start({ adapter, imports, controllers: [Named, OfClass] });
    const json = { username: 'bob', password: 'pass' };
    const customer = (await test.client().send('/login/', { json })).json.access;
    const admin = (await test.client().send('/admin/login/', { json })).json.access;
    for (const path of ['/named', '/of-class']) {
      const client = test.client();
      expect((await client.get(path)).text).toBe('nobody');
      client.bearer = admin;
      expect((await client.get(path)).text).toBe('bob');
      client.bearer = customer;
      expect((await client.get(path)).json.code).toBe('token_invalid');
    }
    await test.close();
  });
});

describe('@JwtLoginOptional() stops the start on one and the same target', () => {
  it.each([
    ['JwtLoginRequired', JwtLoginRequired(), /@JwtLoginOptional\(\) stands on .* beside a decorator that requires/],
    ['JwtPermRequired', JwtPermRequired(['a']), /@JwtLoginOptional\(\) stands on .* beside a decorator that requires/],
    ['JwtRefreshRequired', JwtRefreshRequired(), /@JwtLoginOptional\(\) stands on .* beside a decorator that requires/],
    ['Public', Public(), /@Public\(\) stands on .* beside a decorator that asks for a token/],
    ['JwtLoginOptional of another instance', JwtLoginOptional({ instance: 'b' }), /two instances, (a and b|b and a)/],
  ])('as @%s()', async (_name, other, message) => {
    const optional = JwtLoginOptional({ instance: 'a' });
    @Controller('a')
    @optional
    @other
    class OnClass {}

    @Controller('b')
    class OnMethod {
      @Get()
      @other
      @optional
      get(): string {
        return 'never';
      }
    }

    @Controller('c')
    @applyDecorators(other, optional)
    class Applied {}

    for (const controller of [OnClass, OnMethod, Applied] as Type[]) {
      const error = await startError(() =>
        start({ imports: [JwtoModule.forRoot(CUSTOMERS)], controllers: [controller] }),
      );
      expect(error).toBeInstanceOf(JwtoConfigurationError);
      expect(error.message).toMatch(message);
      expect(error.message).toContain(controller === OnMethod ? 'OnMethod.get' : controller.name);
    }
  });
});
