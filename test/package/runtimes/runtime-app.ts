// An application on the adapter that the first argument names, and a client that signs in with cookies and with tokens.
import 'reflect-metadata';
import { Controller, Get, HttpCode, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  CurrentUser,
  JwtLoginRequired,
  JwtoModule,
  jwtoEntities,
  jwtoMigrations,
  JwtPermRequired,
  TokenService,
  UserProvider,
  type LoginCredentials,
} from 'jwto';

const REFRESH = '/api/token/refresh';
const ALICE = { id: 1, username: 'alice', perms: ['orders.view'] };

class UsersService extends UserProvider {
  authenticate({ username, password }: LoginCredentials) {
    return username === 'alice' && password === 'pass' ? ALICE : null;
  }
  findById(id: string) {
    return id === '1' ? ALICE : null;
  }
}

@Controller('orders')
@JwtLoginRequired()
class OrdersController {
  @Get()
  @JwtPermRequired(['orders.view'])
  list(@CurrentUser('username') name: string): string {
    return `orders of ${name}`;
  }
  @Get('all')
  @JwtPermRequired(['orders.audit'])
  all(): string {
    return 'all orders';
  }
  @Post()
  @HttpCode(200)
  order(): string {
    return 'ordered';
  }
}

@Module({
  imports: [
    TypeOrmModule.forRoot({
      type: 'sqljs',
      entities: [...jwtoEntities],
      migrations: [...jwtoMigrations],
      migrationsRun: true,
    }),
    JwtoModule.forRoot({
      signingKey: 'a-signing-key-of-32-bytes-and-more',
      mode: ['TWO-COOKIES', 'JSON'],
      users: UsersService,
    }),
  ],
  controllers: [OrdersController],
})
class AppModule {}

let checks = 0;
function expect(what: string, got: unknown, wanted: unknown): void {
  if (got !== wanted) throw new Error(`${what}: got ${String(got)}, wanted ${String(wanted)}`);
  checks += 1;
}

/** A browser: keeps cookies and sends the refresh cookie below its path. */
class Browser {
  private readonly jar = new Map<string, string>();

  constructor(private readonly url: string) {}

  async send(method: string, path: string, body?: object, headers: Record<string, string> = {}): Promise<Response> {
    const isSent = ([name]: [string, string]): boolean => name !== 'jwt_refresh' || path.startsWith(REFRESH);
    const cookie = [...this.jar]
      .filter(isSent)
      .map((pair) => pair.join('='))
      .join('; ');
    const response = await fetch(this.url + path, {
      method,
      headers: {
        origin: this.url,
        ...(cookie === '' ? {} : { cookie }),
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...headers,
      },
      body: body ? JSON.stringify(body) : null,
    });
    for (const set of response.headers.getSetCookie()) {
      const [, name = '', value = ''] = /^([^=]*)=([^;]*)/.exec(set) ?? [];
      if (value === '') this.jar.delete(name);
      else this.jar.set(name, value);
    }
    return response;
  }

  csrf(): Record<string, string> {
    return { 'x-csrftoken': this.jar.get('csrftoken') ?? '' };
  }
}

async function withCookies(url: string): Promise<void> {
  const browser = new Browser(url);
  const status = async (...request: Parameters<Browser['send']>): Promise<number> =>
    (await browser.send(...request)).status;
  expect('a wrong password', await status('POST', '/login/', { username: 'alice', password: 'x' }), 401);
  expect('login', await status('POST', '/login/', { username: 'alice', password: 'pass' }), 200);
  expect('a guarded route', await (await browser.send('GET', '/orders')).text(), 'orders of alice');
  expect('a permission that is not there', await status('GET', '/orders/all'), 403);
  expect('a change without the CSRF token', await status('POST', '/orders'), 403);
  expect('a change', await status('POST', '/orders', undefined, browser.csrf()), 200);
  const foreign = { ...browser.csrf(), origin: 'https://evil.example' };
  expect('a change by a foreign page', await status('POST', '/orders', undefined, foreign), 403);
  expect('refresh', await status('POST', `${REFRESH}/refresh_access/`, {}, browser.csrf()), 200);
  expect('after it', await status('GET', '/orders'), 200);
  expect('log-out', await status('POST', `${REFRESH}/logout/`, {}, browser.csrf()), 200);
  expect('after it', await status('GET', '/orders'), 401);
}

async function withTokens(url: string, tokens: TokenService): Promise<void> {
  const stranger = new Browser(url);
  const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });
  const status = async (method: string, path: string, token: string): Promise<number> =>
    (await stranger.send(method, path, method === 'POST' ? {} : undefined, bearer(token))).status;
  const signIn = async (): Promise<{ access: string; refresh: string }> => {
    const login = await stranger.send('POST', '/login/', { username: 'alice', password: 'pass', mode: 'JSON' });
    return (await login.json()) as { access: string; refresh: string };
  };
  const first = await signIn();
  const refreshed = await stranger.send('POST', `${REFRESH}/update_refresh/`, {}, bearer(first.refresh));
  const { access, refresh } = (await refreshed.json()) as { access: string; refresh: string };
  expect('the new token', await status('GET', '/orders', access), 200);
  expect('log-out', await status('POST', `${REFRESH}/logout/`, refresh), 200);
  expect('a token of an ended session', await status('GET', '/orders', first.access), 401);
  const second = await signIn();
  expect('before its revocation', await status('GET', '/orders', second.access), 200);
  expect('sessions that are revoked', await tokens.revokeUser(1), 1);
  expect('a revoked token', await status('GET', '/orders', second.access), 401);
  expect('a revoked refresh token', await status('POST', `${REFRESH}/refresh_access/`, second.refresh), 401);
}

async function main(adapter: string | undefined): Promise<void> {
  const app = await NestFactory.create(AppModule, adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter(), {
    logger: ['error', 'warn'],
  });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  await withCookies(url);
  await withTokens(url, app.get(TokenService));
  await app.close();
  console.log(`${String(checks)} checks`);
}

main(process.argv[2]).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
