// The application of a newcomer, compiled as CommonJS and as ES modules against the packed library.
import 'reflect-metadata';
import { Controller, Get, Injectable, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  CurrentUser,
  JwtLoginRequired,
  JwtoModule,
  jwtoEntities,
  jwtoMigrations,
  JwtPermRequired,
  UserProvider,
  type JwtoUser,
  type LoginCredentials,
} from 'jwto';
import { verifyJws } from 'jwto/jws';

interface User {
  id: number;
  username: string;
  perms: string[];
}

const SIGNING_KEY = 'a-signing-key-of-32-bytes-and-more';
const ALICE: User = { id: 1, username: 'alice', perms: ['orders.view'] };

@Injectable()
class UsersService extends UserProvider<User> {
  async authenticate({ username, password }: LoginCredentials): Promise<User | null> {
    return username === 'alice' && password === 'pass' ? ALICE : null;
  }
  async findById(id: string): Promise<User | null> {
    return id === '1' ? ALICE : null;
  }
}

@Controller('orders')
@JwtLoginRequired()
class OrdersController {
  @Get()
  @JwtPermRequired(['orders.view'])
  list(@CurrentUser() user: JwtoUser): string {
    return `orders of ${user.username}`;
  }
  @Get('all')
  @JwtPermRequired(['orders.audit'])
  all(): string {
    return 'all orders';
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
    JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: UsersService }),
  ],
  controllers: [OrdersController],
})
class AppModule {}

async function main(): Promise<void> {
  const app = await NestFactory.create(AppModule, { logger: ['error', 'warn'] });
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const post = (path: string, body: object, token?: string): Promise<Response> =>
    fetch(url + path, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token ? { authorization: `Bearer ${token}` } : {}) },
      body: JSON.stringify(body),
    });
  const get = (path: string, token?: string): Promise<Response> =>
    fetch(url + path, token ? { headers: { authorization: `Bearer ${token}` } } : {});
  const expect = (what: string, got: unknown, wanted: unknown): void => {
    if (got !== wanted) throw new Error(`${what}: got ${String(got)}, wanted ${String(wanted)}`);
    console.log(`ok  ${what}: ${String(got)}`);
  };

  expect('a wrong password', (await post('/login/', { username: 'alice', password: 'x' })).status, 401);
  const login = await post('/login/', { username: 'alice', password: 'pass' });
  expect('login', login.status, 200);
  const { access, refresh } = (await login.json()) as { access: string; refresh: string };
  expect(
    'a signature by itself',
    verifyJws(access, { algorithm: 'HS256', signingKey: SIGNING_KEY }).header['alg'],
    'HS256',
  );
  expect('no token', (await get('/orders')).status, 401);
  expect('a guarded route', await (await get('/orders', access)).text(), 'orders of alice');
  expect('a permission that is not there', (await get('/orders/all', access)).status, 403);
  expect('refresh', (await post('/api/token/refresh/refresh_access/', {}, refresh)).status, 200);
  expect('logout', (await post('/api/token/refresh/logout/', {}, refresh)).status, 200);
  expect('a revoked token', (await get('/orders', access)).status, 401);
  await app.close();
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
