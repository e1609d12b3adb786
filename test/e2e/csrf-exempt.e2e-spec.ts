import { Controller, Get, HttpCode, Post, UseGuards, type ExecutionContext, type Type } from '@nestjs/common';
import { APP_GUARD } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { CsrfExempt, JwtLoginRequired, JwtoGuard, JwtPermRequired, JwtRefreshRequired } from 'jwto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, joined, type Difference } from '../support/browser.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

@Controller('exempt')
class SomeExempt {
  @Post('search')
  @HttpCode(200)
  @JwtLoginRequired()
  @CsrfExempt()
  search(): string {
    return 'found';
  }

  @Post('perm')
  @HttpCode(200)
  @CsrfExempt()
  @JwtPermRequired(['perm1'])
  perm(): string {
    return 'found';
  }

  @Post('change')
  @HttpCode(200)
  @JwtLoginRequired()
  change(): string {
    return 'changed';
  }

  @Post('passport')
  @HttpCode(200)
  @CsrfExempt()
  @UseGuards(AuthGuard('jwto'))
  passport(): string {
    return 'changed';
  }
}

@Controller('all-exempt')
@CsrfExempt()
@JwtLoginRequired()
class AllExempt {
  @Post()
  @HttpCode(200)
  search(): string {
    return 'found';
  }

  @Post('global')
  @HttpCode(200)
  globally(): string {
    return 'found';
  }
}

/** Below the refresh cookie's path, so that it comes along. */
@Controller('api/token/refresh/exempt')
class RefreshExempt {
  @Post()
  @HttpCode(200)
  @JwtRefreshRequired()
  @CsrfExempt()
  search(): string {
    return 'found';
  }

  @Get()
  get(): string {
    return 'found';
  }
}

const controllers = [SomeExempt, AllExempt, RefreshExempt];
const FOREIGN: Difference = {
  headers: { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'x-csrftoken': null },
  cookies: (own) => joined(own, { csrftoken: null }),
};
const CSRF_ORIGIN = { status: 403, code: 'csrf_origin', events: ['jwto.csrf_failed'] } as const;
const APPS = ADAPTERS.flatMap(([name, adapter]) =>
  ([[], [{ provide: APP_GUARD, useClass: JwtoGuard }]] as const).map(
    (providers) => [name, providers.length === 0 ? 'alone' : 'beside a global guard', adapter, providers] as const,
  ),
);

describe.each(APPS)('@CsrfExempt() on %s, %s', (_name, _how, adapter, providers) => {
  let test: TestApp;
  let browser: Browser;
  beforeAll(async () => {
    const metadata = { controllers, providers: [...providers] };
    test = await startApp({ adapter, options: { mode: 'TWO-COOKIES' }, metadata });
  });
  beforeEach(async () => {
    test.clock.advance(1);
    browser = await Browser.signIn(test, 'bob');
    test.takeEvents();
  });
  afterAll(() => test.close());

  it('opens a route to requests without a token from anywhere, whatever decorator guards it', async () => {
    for (const path of [
      'exempt/search',
      'exempt/perm',
      'all-exempt',
      'all-exempt/global',
      'api/token/refresh/exempt',
    ]) {
      const answer = await browser.send(`POST /${path}`, FOREIGN);
      expect([path, answer.status, answer.text]).toEqual([path, 200, 'found']);
    }
    expect(test.takeEvents()).toEqual([]);
  });

  it('leaves the route next to it, the endpoints and AuthGuard as they are', async () => {
    for (const route of ['POST /exempt/change', 'POST /exempt/passport', 'POST /validate_access/']) {
      await expectRefusal(test, () => browser.send(route, FOREIGN), CSRF_ORIGIN);
      expect((await browser.send(route)).status).toBe(200);
    }
  });

  it('asks for a good token and its permissions all the same', async () => {
    const search = 'POST /exempt/search';
    const cookies = (value: string | null) => (own: Readonly<Record<string, string>>) =>
      joined(own, { jwt_access_token: value });
    await expectRefusal(test, () => browser.send(search, { ...FOREIGN, cookies: cookies(null) }), {
      status: 401,
      code: 'token_missing',
    });
    await expectRefusal(test, () => browser.send(search, { ...FOREIGN, cookies: cookies('garbage') }), {
      status: 401,
      code: 'token_malformed',
    });
    const alice = await Browser.signIn(test, 'alice');
    const denied = { status: 403, code: 'permission_denied' } as const;
    await expectRefusal(test, () => alice.send('POST /exempt/perm', FOREIGN), denied);
    await browser.send('POST /api/token/refresh/logout/');
    await expectRefusal(test, () => browser.send(search, FOREIGN), { status: 401, code: 'token_revoked' });
  });

  it('does not open the other handlers of one request, as GraphQL has them', async () => {
    const guard = test.app.get(JwtoGuard, { strict: false });
    const request = {
      method: 'POST',
      url: '/graphql',
      headers: { host: 'app.example.com', cookie: joined(browser.cookies) },
      socket: {},
    };
    const settled = async (handler: keyof SomeExempt): Promise<unknown> => {
      const found = Reflect.get(SomeExempt.prototype, handler) as () => unknown;
      try {
        return await guard.canActivate(contextOf(request, SomeExempt, found));
      } catch (error) {
        return (error as { code: string }).code;
      }
    };
    expect(await settled('search')).toBe(true);
    expect(await settled('change')).toBe('csrf_origin');
    Object.assign(request.headers, { origin: 'https://app.example.com', 'x-csrftoken': browser.csrf });
    expect(await settled('change')).toBe(true);
    expect(await settled('search')).toBe(true);
  });

  it('changes nothing in the OpenAPI document', () => {
    const { paths } = SwaggerModule.createDocument(test.app, new DocumentBuilder().build());
    const [exempt, not] = ['/exempt/search', '/exempt/change'].map((path) => paths[path]?.post);
    expect(exempt?.responses).toEqual(not?.responses);
    expect(exempt?.security).toEqual(not?.security);
    expect(exempt?.responses['403']).toBeDefined();
  });
});

function contextOf(request: object, owner: Type, handler: () => unknown): ExecutionContext {
  const args = [undefined, undefined, { req: request }];
  return {
    getType: () => 'graphql',
    getHandler: () => handler,
    getClass: () => owner,
    getArgs: () => args,
    getArgByIndex: (index: number) => args[index],
  } as unknown as ExecutionContext;
}
