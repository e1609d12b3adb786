import { once, type EventEmitter } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import { Controller, Post, Req, Res } from '@nestjs/common';
import { Public, TokenService, type JwtoError } from 'jwto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { startApp, type TestApp } from '../support/test-app.js';

/** How each sign-in by the route of the application ended. */
const outcomes: unknown[] = [];

@Controller('external')
class External {
  constructor(private readonly tokens: TokenService) {}

  @Post()
  @Public()
  async signIn(@Req() request: IncomingMessage, @Res({ passthrough: true }) reply: ServerResponse): Promise<void> {
    const signIn = this.tokens.signIn(request, reply, { id: 2, username: 'bob' });
    outcomes.push(
      await signIn.then(
        () => 'signed in',
        (error: unknown) => (error as JwtoError).code,
      ),
    );
  }
}

type Moment = 'password' | 'lifetimes' | 'INSERT' | 'end of the older session';

describe.each(ADAPTERS)('a sign-in whose client has left on %s', (_name, adapter) => {
  let test: TestApp;
  let cookie: string;
  let older: string;
  /** Runs once at that moment of the sign-in. */
  let at: Partial<Record<Moment, () => Promise<void>>>;
  const reach = async (moment: Moment): Promise<void> => {
    const { [moment]: run } = at;
    at = {};
    await run?.();
  };

  beforeEach(async () => {
    at = {};
    outcomes.length = 0;
    test = await startApp({
      adapter,
      options: {
        mode: 'ONE-COOKIE',
        lifetimes: async () => {
          if (at.lifetimes !== undefined) await reach('lifetimes');
          return {};
        },
      },
      metadata: { controllers: [External] },
    });
    const bob = test.users.named('bob');
    vi.spyOn(test.users, 'authenticate').mockImplementation((async () => {
      if (at.password !== undefined) await reach('password');
      return bob;
    }) as never);
    const client = test.client();
    await client.login('bob');
    cookie = `jwt_access=${client.cookie('jwt_access') ?? ''}`;
    older = (await live())[0] ?? '';
    test.takeEvents();
    const create = test.dataSource.createQueryRunner.bind(test.dataSource);
    vi.spyOn(test.dataSource, 'createQueryRunner').mockImplementation((mode) => {
      const runner = create(mode);
      const query = runner.query.bind(runner) as (...parts: unknown[]) => Promise<unknown>;
      runner.query = async (...parts: unknown[]) => {
        const answer = await query(...parts);
        const [sql] = parts as [string];
        if (at.INSERT !== undefined && sql.startsWith('INSERT INTO "jwto_session"')) await reach('INSERT');
        if (at['end of the older session'] !== undefined && sql.startsWith('UPDATE "jwto_session"'))
          await reach('end of the older session');
        return answer as never;
      };
      return runner;
    });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await test.close();
  });

  const live = async (): Promise<string[]> => (await test.tokens.listSessions(2)).map(({ sid }) => sid);

  /** Sends a sign-in with the cookie of an older session, and leaves at that moment, as the server sees it. */
  function leaveAt(moment: Moment, path: string): void {
    const accepted = once(test.app.getHttpServer() as EventEmitter, 'connection') as Promise<[EventEmitter]>;
    const socket = connect(Number(new URL(test.url).port), '127.0.0.1');
    const body = '{"username":"bob","password":"pass"}';
    const headers = [
      `Host: ${new URL(test.url).host}`,
      `Cookie: ${cookie}`,
      'Content-Type: application/json',
      `Content-Length: ${String(body.length)}`,
    ];
    at[moment] = async () => {
      const [theirs] = await accepted;
      const closed = once(theirs, 'close');
      socket.destroy();
      await closed;
    };
    socket.write(`POST ${path} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
  }

  it.each(['password', 'lifetimes', 'INSERT'] as const)(
    'during the login (%s) leaves no session, and the older one lives',
    async (moment) => {
      leaveAt(moment, '/login/');
      await vi.waitFor(() => {
        expect(test.events.at(-1)).toMatchObject({ name: 'jwto.login_failed', event: { reason: 'request_invalid' } });
      });
      expect(test.takeEvents()).toEqual(['jwto.login_failed']);
      expect(await live()).toEqual([older]);
    },
  );

  it.each(['lifetimes', 'INSERT'] as const)(
    'by TokenService.signIn (%s) leaves no session, and the older one lives',
    async (moment) => {
      leaveAt(moment, '/external');
      await vi.waitFor(() => {
        expect(outcomes).toEqual(['request_invalid']);
      });
      expect(test.takeEvents()).toEqual([]);
      expect(await live()).toEqual([older]);
    },
  );

  it('while the older session is ended leaves none', async () => {
    leaveAt('end of the older session', '/login/');
    await vi.waitFor(() => {
      expect(test.events.at(-1)).toMatchObject({ name: 'jwto.login_failed', event: { reason: 'request_invalid' } });
    });
    expect(await live()).toEqual([]);
  });
});
