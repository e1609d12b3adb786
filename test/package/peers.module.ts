// What the library does with the two optional peers: @nestjs/event-emitter and @nestjs/swagger.
import 'reflect-metadata';
import { Controller, Get, Injectable, Module, type INestApplication } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { TypeOrmModule } from '@nestjs/typeorm';
import { JwtLoginRequired, JwtoModule, jwtoEntities, jwtoMigrations, UserProvider, type LoginCredentials } from 'jwto';

interface User {
  id: number;
  username: string;
}

const ALICE: User = { id: 1, username: 'alice' };

@Injectable()
class UsersService extends UserProvider<User> {
  async authenticate({ username, password }: LoginCredentials): Promise<User | null> {
    return username === 'alice' && password === 'pass' ? ALICE : null;
  }
  async findById(id: string): Promise<User | null> {
    return id === '1' ? ALICE : null;
  }
}

@Injectable()
class Audit {
  readonly heard: unknown[] = [];

  @OnEvent('jwto.logged_in')
  loggedIn({ userId }: { userId: unknown }): void {
    this.heard.push(userId);
  }
}

@Controller('orders')
@JwtLoginRequired()
class OrdersController {
  @Get()
  list(): string {
    return 'orders';
  }
}

@Module({
  imports: [
    EventEmitterModule.forRoot(),
    TypeOrmModule.forRoot({
      type: 'sqljs',
      entities: [...jwtoEntities],
      migrations: [...jwtoMigrations],
      migrationsRun: true,
    }),
    JwtoModule.forRoot({ signingKey: 'a-signing-key-of-32-bytes-and-more', users: UsersService }),
  ],
  controllers: [OrdersController],
  providers: [Audit],
})
export class AppModule {}

/** Starts the application and says what it shows; `expected` is what it should show. */
export async function observe(app: INestApplication): Promise<Record<string, unknown>> {
  await app.listen(0, '127.0.0.1');
  const url = await app.getUrl();
  const login = await fetch(`${url}/login/`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ username: 'alice', password: 'pass' }),
  });
  const { access } = (await login.json()) as { access: string };
  const guarded = await fetch(`${url}/orders`, { headers: { authorization: `Bearer ${access}` } });
  const { paths } = SwaggerModule.createDocument(app, new DocumentBuilder().build());
  return {
    login: login.status,
    guarded: guarded.status,
    refused: (await fetch(`${url}/orders`)).status,
    heard: app.get(Audit).heard.join(),
    loginHasBody: paths['/login']?.post?.requestBody !== undefined,
    ordersDocument401: paths['/orders']?.get?.responses['401'] !== undefined,
  };
}

export const expected: Record<string, unknown> = {
  login: 200,
  guarded: 200,
  refused: 401,
  heard: '1',
  loginHasBody: true,
  ordersDocument401: true,
};
