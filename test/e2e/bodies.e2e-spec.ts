import { once } from 'node:events';
import { connect } from 'node:net';
import {
  Controller,
  Module,
  Post,
  Req,
  type CallHandler,
  type CanActivate,
  type ExecutionContext,
  type INestApplication,
  type MiddlewareConsumer,
  type NestInterceptor,
} from '@nestjs/common';
import { APP_GUARD, APP_INTERCEPTOR } from '@nestjs/core';
import { JwtoModule } from 'jwto';
import type { Observable } from 'rxjs';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { sendRaw } from '../support/raw-http.js';
import { start, type Started } from '../support/start.js';
import { SIGNING_KEY } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

interface Seen {
  body?: unknown;
}

/** By who looked: the bodies, in order. */
const seen = new Map<string, unknown[]>();
function note(who: string, { body }: Seen): void {
  seen.set(who, [...(seen.get(who) ?? []), body]);
}

class LookingGuard implements CanActivate {
  canActivate(context: ExecutionContext): boolean {
    note('guard', context.switchToHttp().getRequest<Seen>());
    return true;
  }
}
class LookingInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    note('interceptor', context.switchToHttp().getRequest<Seen>());
    return next.handle();
  }
}
@Module({})
class LookingModule {
  configure(consumer: MiddlewareConsumer): void {
    consumer
      .apply((request: Seen, _response: unknown, next: () => void) => {
        note('middleware', request);
        next();
      })
      .forRoutes('{*all}');
  }
}

@Controller('own')
class Own {
  @Post()
  own(@Req() { body }: Seen): Seen {
    return { body };
  }
}

const jwto = () => JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: TestUsers });
const LOOKING = {
  providers: [
    { provide: APP_GUARD, useClass: LookingGuard },
    { provide: APP_INTERCEPTOR, useClass: LookingInterceptor },
  ],
};

describe.each(ADAPTERS)('the body of a request for our endpoints on %s', (_name, adapter) => {
  let test: Started;
  afterEach(async () => {
    vi.useRealTimers();
    seen.clear();
    await test.close();
  });
  const port = async (): Promise<number> => Number(new URL(await test.app.getUrl()).port);

  it.each<[string, object, Record<string, unknown>]>([
    ['JSON', { json: { username: 'bob', password: 'pass', tenant: 7 } }, { username: 'bob', tenant: 7 }],
    ['a form', { form: { username: 'bob', password: 'pass', tenant: '7' } }, { username: 'bob', tenant: '7' }],
    ['none', {}, {}],
    ['broken', { body: '{"username":', headers: { 'content-type': 'application/json' } }, {}],
    ['a list', { json: [1] }, {}],
  ])('is in request.body for middleware, guards and interceptors, parsed: %s', async (_what, sending, body) => {
    for (const modules of [
      [LookingModule, jwto()],
      [jwto(), LookingModule],
    ]) {
      test = await start({ adapter, imports: modules, ...LOOKING });
      await test.client().send('/login/', { method: 'POST', ...sending });
      for (const who of ['middleware', 'guard', 'interceptor']) {
        expect([who, seen.get(who)]).toEqual([who, [expect.objectContaining(body)]]);
      }
      seen.clear();
      if (modules[1] !== LookingModule) await test.close();
    }
  });

  it('and the application’s own bodies are its own', async () => {
    test = await start({ adapter, imports: [jwto()], controllers: [Own] });
    expect((await test.client().send('/own', { json: [1, 2] })).json).toEqual({ body: [1, 2] });
  });

  it.each([
    ['text/plain', '{"username":"bob","password":"pass"}'],
    [
      'multipart/form-data; boundary=x',
      '--x\r\nContent-Disposition: form-data; name="username"\r\n\r\nbob\r\n--x--\r\n',
    ],
  ])('is not read as %s, and the refusal names what is', async (type, body) => {
    test = await start({ adapter, imports: [jwto()] });
    const { status, json } = await test.client().send('/login/', { body, headers: { 'content-type': type } });
    expect([status, json.code]).toEqual([400, 'credentials_missing']);
    expect(json.error).toContain('application/json or application/x-www-form-urlencoded');
    expect(json.error).toContain(type.split(';', 1)[0]);
  });

  it.each(['text/pl%61in', `text/${'x'.repeat(70)}`, 'text/<b>', 'nonsense'])(
    'echoes no odd type: %s',
    async (type) => {
      test = await start({ adapter, imports: [jwto()] });
      const { json } = await test.client().send('/login/', { body: 'x', headers: { 'content-type': type } });
      expect(json.error).toBe('Send "username" and "password" as non-empty strings.');
    },
  );

  it('leaves the slash of a query where it is', async () => {
    const urls: unknown[] = [];
    @Module({})
    class UrlModule {
      configure(consumer: MiddlewareConsumer): void {
        consumer
          .apply((request: { originalUrl: string; url: string }, _response: unknown, next: () => void) => {
            urls.push(request.url);
            next();
          })
          .forRoutes('{*all}');
      }
    }
    test = await start({ adapter, imports: [jwto(), UrlModule] });
    const client = test.client();
    await client.login();
    for (const path of ['/sessions?next=/a/', '/sessions/?next=/a/']) {
      expect((await client.get(path)).status).toBe(200);
    }
    for (const url of urls.slice(1)) expect(url).toMatch(/\?next=\/a\/$/);
    expect(urls).toHaveLength(3);
  });

  it('is not waited for by what main.ts gives to app.use: a rate limiter is asked first', async () => {
    const limiter = (_request: unknown, response: { statusCode: number; end: () => void }): void => {
      response.statusCode = 429;
      response.end();
    };
    test = await start({ adapter, imports: [jwto()], setUp: (app: INestApplication) => app.use(limiter) });
    const socket = connect(await port(), '127.0.0.1');
    socket.write('POST /login/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString()).toMatch(/^HTTP\/1.1 429 /);
  });

  it('is refused when it takes longer than ten seconds', async () => {
    test = await start({ adapter, imports: [jwto()] });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const arrived = once(test.app.getHttpServer() as NodeJS.EventEmitter, 'request');
    const socket = connect(await port(), '127.0.0.1');
    socket.write('POST /login/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{');
    await arrived;
    await vi.waitFor(() => {
      expect(vi.getTimerCount()).toBeGreaterThan(0);
    });
    await vi.advanceTimersByTimeAsync(10_000);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    expect(answer.toString()).toMatch(/^HTTP\/1.1 400 .*10 seconds.*"request_invalid"/s);
  });

  it('is read into one buffer, whatever its chunks', async () => {
    test = await start({ adapter, imports: [jwto()] });
    const text = JSON.stringify({ username: 'bob', password: 'pass', padding: 'x'.repeat(20_000) });
    const chunks = text.replace(/./g, (character) => `1\r\n${character}\r\n`);
    const headers = ['Content-Type: application/json', 'Transfer-Encoding: chunked'];
    const before = process.memoryUsage().arrayBuffers;
    const url = await test.app.getUrl();
    const answer = await sendRaw(url, { path: '/login/', headers, body: `${chunks}0\r\n\r\n`, contentLength: false });
    expect(answer.status).toBe(200);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(10_000_000);
  });
});
