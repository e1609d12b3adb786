import { Controller, Get } from '@nestjs/common';
import {
  JwtLoginRequired,
  JwtoModule,
  JwtPermRequired,
  JwtRefreshRequired,
  TokenClaims,
  type JwtoClaims,
  type JwtoModuleOptions,
  type RouteDecorator,
} from 'jwto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { start, type Started } from '../support/start.js';
import { startError } from '../support/startup.js';
import { SIGNING_KEY } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

const CUSTOMERS = { signingKey: SIGNING_KEY, users: TestUsers } satisfies JwtoModuleOptions;
const ADMINS = {
  ...CUSTOMERS,
  name: 'admin',
  signingKey: 'the-signing-key-of-the-administration',
  refreshCookiePath: 'admin/refresh',
  endpoints: { login: 'admin/login', validateAccess: 'admin/validate', sessions: 'admin/sessions' },
} satisfies JwtoModuleOptions;
const ADMIN = { instance: 'admin' };

const nameOf = ({ user }: JwtoClaims): string => user.username;

@Controller('class')
@JwtLoginRequired(ADMIN)
class OfClass {
  @Get('perm')
  @JwtPermRequired(['perm1'])
  perm(@TokenClaims() claims: JwtoClaims): string {
    return nameOf(claims);
  }
  @Get('login')
  @JwtLoginRequired()
  login(@TokenClaims() claims: JwtoClaims): string {
    return nameOf(claims);
  }
  @Get('refresh')
  @JwtRefreshRequired()
  refresh(@TokenClaims() claims: JwtoClaims): string {
    return nameOf(claims);
  }
  @Get('own')
  @JwtLoginRequired({ instance: 'default' })
  own(@TokenClaims() claims: JwtoClaims): string {
    return nameOf(claims);
  }
}

@Controller('perms')
@JwtPermRequired(['perm1'], ADMIN)
class OfPerms {
  @Get('login')
  @JwtLoginRequired()
  login(@TokenClaims() claims: JwtoClaims): string {
    return nameOf(claims);
  }
}

@Controller('derived')
class OfBase extends OfClass {
  @Get('more')
  @JwtPermRequired(['perm1'])
  more(@TokenClaims() claims: JwtoClaims): string {
    return nameOf(claims);
  }
}

@Controller('beside')
class Beside {
  @Get('above')
  @JwtPermRequired(['perm1'])
  @JwtLoginRequired(ADMIN)
  above(@TokenClaims() claims: JwtoClaims): string {
    return nameOf(claims);
  }
  @Get('below')
  @JwtLoginRequired(ADMIN)
  @JwtPermRequired(['perm1'])
  below(@TokenClaims() claims: JwtoClaims): string {
    return nameOf(claims);
  }
}

describe.each(ADAPTERS)('a decorator without an instance on %s', (_name, adapter) => {
  let test: Started;
  const tokens: Record<string, string> = {};
  beforeAll(async () => {
    test = await start({
      adapter,
      imports: [JwtoModule.forRoot(CUSTOMERS), JwtoModule.forRoot(ADMINS)],
      controllers: [OfClass, OfPerms, OfBase, Beside],
    });
    const json = { username: 'admin', password: 'abc123' };
    const customer = (await test.client().send('/login/', { json })).json;
    const admin = (await test.client().send('/admin/login/', { json })).json;
    Object.assign(tokens, { customer: customer.access, admin: admin.access, adminRefresh: admin.refresh });
    tokens['customerRefresh'] = customer.refresh ?? '';
  });
  afterAll(() => test.close());

  it.each(['class/perm', 'class/login', 'perms/login', 'derived/perm', 'derived/more', 'beside/above', 'beside/below'])(
    'takes its class’s, or the one beside it: %s',
    async (path) => {
      const client = test.client();
      client.bearer = tokens['customer'];
      expect((await client.get(`/${path}`)).json.code).toBe('token_invalid');
      client.bearer = tokens['admin'];
      expect((await client.get(`/${path}`)).text).toBe('admin');
    },
  );

  it('takes its class’s for a refresh token too, and one that names its own keeps that', async () => {
    const client = test.client();
    client.bearer = tokens['customerRefresh'];
    expect((await client.get('/class/refresh')).json.code).toBe('token_invalid');
    client.bearer = tokens['adminRefresh'];
    expect((await client.get('/class/refresh')).text).toBe('admin');
    expect((await client.get('/class/login')).json.code).toBe('token_wrong_type');
    client.bearer = tokens['admin'];
    expect((await client.get('/class/own')).json.code).toBe('token_invalid');
    client.bearer = tokens['customer'];
    expect((await client.get('/class/own')).text).toBe('admin');
  });
});

/** Pairs that no request satisfies, and what is told of them. */
const CONTRADICTIONS: [string, RouteDecorator, RouteDecorator, RegExp][] = [
  [
    'login and refresh',
    JwtLoginRequired(),
    JwtRefreshRequired(),
    /types of token.*(access and refresh|refresh and access)/,
  ],
  ['permissions and refresh', JwtPermRequired(['a']), JwtRefreshRequired(), /types of token/],
  [
    'two instances',
    JwtLoginRequired(ADMIN),
    JwtLoginRequired({ instance: 'shop' }),
    /two instances.*(admin and shop|shop and admin)/,
  ],
  [
    'the default one and another',
    JwtPermRequired(['a'], { instance: 'default' }),
    JwtLoginRequired(ADMIN),
    /two instances/,
  ],
];

describe.each(CONTRADICTIONS)('two decorators on one target: %s', (_what, one, other, message) => {
  it.each([
    ['in this order', one, other],
    ['the other way round', other, one],
  ])('stop the start on a method and on a class, %s', async (_order, upper, lower) => {
    @Controller('method')
    class OnMethod {
      @Get()
      @upper
      @lower
      handle(): string {
        return 'never';
      }
    }
    @Controller('class')
    @upper
    @lower
    class OnClass {
      @Get()
      handle(): string {
        return 'never';
      }
    }
    for (const [controller, place] of [
      [OnMethod, 'OnMethod.handle'],
      [OnClass, 'the class OnClass'],
    ] as const) {
      const imports = [JwtoModule.forRoot(CUSTOMERS)];
      const error = await startError(() => start({ imports, controllers: [controller] }));
      expect(error.message).toMatch(message);
      expect(error.message).toContain(place);
    }
  });
});

it('the same requirement twice on one target is no contradiction', async () => {
  @Controller('twice')
  class Twice {
    @Get()
    @JwtLoginRequired(ADMIN)
    @JwtLoginRequired(ADMIN)
    handle(): string {
      return 'ok';
    }
  }
  const imports = [JwtoModule.forRoot(CUSTOMERS), JwtoModule.forRoot(ADMINS)];
  const test = await start({ imports, controllers: [Twice] });
  expect((await test.client().get('/twice')).json.code).toBe('token_missing');
  await test.close();
});
