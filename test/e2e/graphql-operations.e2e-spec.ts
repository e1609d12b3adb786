import type { IncomingMessage } from 'node:http';
import { Controller, Get, Injectable, Req, UseGuards, type ExecutionContext, type Type } from '@nestjs/common';
import { APP_GUARD, ExternalContextCreator } from '@nestjs/core';
import { AuthGuard } from '@nestjs/passport';
import { CurrentUser, JwtLoginRequired, JwtoGuard, Public, TokenClaims, type JwtoClaims, type JwtoUser } from 'jwto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { startApp, type TestApp } from '../support/test-app.js';

/** The requests that open sockets; operations of GraphQL have them in their contexts. */
const kept: (IncomingMessage | { raw: IncomingMessage })[] = [];

/** As Nest's documentation makes Passport's guard one for GraphQL. */
class GraphqlGuard extends AuthGuard('jwto') {
  override getRequest(context: ExecutionContext): unknown {
    return context.getType<string>() === 'graphql'
      ? context.getArgByIndex<{ req: unknown }>(2).req
      : context.switchToHttp().getRequest();
  }
}

/** Where sign-in is optional. */
class OptionalGuard extends GraphqlGuard {
  override handleRequest<User>(_error: unknown, user: User): User {
    return user;
  }
}

@Controller('socket')
class Socket {
  @Get()
  @Public()
  connect(@Req() request: IncomingMessage): string {
    kept.push(request);
    return 'open';
  }
}

/** As a resolver has them. */
@Injectable()
class Operations {
  @JwtLoginRequired()
  me(@CurrentUser('username') name: string, @TokenClaims('sub') sub: string): string {
    return `${name} ${sub}`;
  }
  @Public()
  open(@CurrentUser() user?: JwtoUser, @TokenClaims() claims?: JwtoClaims): string {
    return user?.username ?? claims?.sub ?? 'nobody';
  }
  @UseGuards(OptionalGuard)
  optional(@CurrentUser() user?: JwtoUser, @TokenClaims() claims?: JwtoClaims): string {
    return user?.username ?? claims?.sub ?? 'nobody';
  }
  plain(): string {
    return 'plain';
  }
}

type Operation = keyof Operations;

describe.each(ADAPTERS)('operations of GraphQL on %s', (_name, adapter) => {
  let test: TestApp;
  beforeEach(() => {
    kept.length = 0;
  });
  afterEach(() => test.close());

  async function open(guard?: Type): Promise<void> {
    const providers = [Operations, ...(guard === undefined ? [] : [{ provide: APP_GUARD, useClass: guard }])];
    test = await startApp({ adapter, metadata: { controllers: [Socket], providers } });
  }

  /** Opens a socket of bob's, or of nobody. */
  async function connect(username?: 'bob'): Promise<void> {
    const client = test.client();
    if (username !== undefined) await client.login(username);
    await client.get('/socket');
  }

  /** As Nest's resolvers run: guards, then parameters. */
  async function operate(operation: Operation): Promise<string> {
    const creator = test.app.get(ExternalContextCreator);
    const operations = test.app.get(Operations);
    const run = creator.create(
      operations,
      // eslint-disable-next-line @typescript-eslint/unbound-method -- as Nest hands over a resolver's
      operations[operation] as (...args: unknown[]) => unknown,
      operation,
      '__routeArguments__',
      { exchangeKeyForValue: () => undefined },
      undefined,
      undefined,
      undefined,
      'graphql',
    );
    try {
      return String(await run(undefined, {}, { req: kept.at(-1) }, {}));
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  }

  it('show a public one no user of an earlier one on the same socket', async () => {
    await open();
    await connect('bob');
    expect(await operate('me')).toBe('bob 2');
    expect(await operate('open')).toBe('nobody');
    expect(await operate('me')).toBe('bob 2');
  });

  it('show a public one nobody beside a closed one that runs at once, and take no user from that', async () => {
    await open(JwtoGuard);
    await connect('bob');
    const at = (one: Operation) => operate(one);
    expect(await Promise.all([at('me'), at('open'), at('me')])).toEqual(['bob 2', 'nobody', 'bob 2']);
    expect(await Promise.all([at('open'), at('me'), at('open')])).toEqual(['nobody', 'bob 2', 'nobody']);
  });

  it('show an optional one, and what comes after it, nobody once the token has expired', async () => {
    await open();
    await connect('bob');
    expect([await operate('optional'), await operate('open')]).toEqual(['bob', 'nobody']);
    test.clock.advance(301);
    expect([await operate('optional'), await operate('open')]).toEqual(['nobody', 'nobody']);
    expect(await operate('me')).toBe('token_expired');
    expect(await operate('open')).toBe('nobody');
  });

  it('are opened one by one where AuthGuard guards all', async () => {
    await open(GraphqlGuard);
    await connect();
    const at = (one: Operation) => operate(one);
    expect(await Promise.all([at('open'), at('plain'), at('open')])).toEqual(['nobody', 'token_missing', 'nobody']);
    expect(await Promise.all([at('plain'), at('open'), at('me')])).toEqual([
      'token_missing',
      'nobody',
      'token_missing',
    ]);
    await connect('bob');
    expect([await at('plain'), await at('open'), await at('me')]).toEqual(['plain', 'nobody', 'bob 2']);
  });
});
