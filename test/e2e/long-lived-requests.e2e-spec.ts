import type { IncomingMessage } from 'node:http';
import { Controller, Get, Req, type ExecutionContext } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { JwtLoginRequired, JwtoGuard, JwtPermRequired, TokenService } from 'jwto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { startApp, type TestApp } from '../support/test-app.js';

/** Requests that handlers keep, as the context of a GraphQL subscription keeps the one that opened its socket. */
const kept: { request?: IncomingMessage | { raw: IncomingMessage } } = {};

@Controller('socket')
class Socket {
  @Get()
  open(@Req() request: IncomingMessage): string {
    kept.request = request;
    return 'open';
  }

  @JwtLoginRequired()
  query(): void {
    // Its metadata is what counts.
  }

  @JwtPermRequired(['perm1'])
  mutate(): void {
    // As above.
  }
}

describe.each(
  ADAPTERS.flatMap(([name, adapter]) =>
    (['JSON', 'TWO-COOKIES'] as const).map((mode) => [mode, name, adapter] as const),
  ),
)('operations over one socket in the mode %s on %s', (mode, _name, adapter) => {
  let test: TestApp;
  let guard: JwtoGuard;
  beforeAll(async () => {
    test = await startApp({
      adapter,
      options: { mode, accessTokenLifetime: '1m' },
      metadata: { controllers: [Socket] },
    });
    guard = new JwtoGuard(test.app.get(ModuleRef));
  });
  afterAll(() => test.close());
  beforeEach(async () => {
    test.clock.advance(2);
    const client = test.client();
    await client.login('bob');
    await client.get('/socket');
    await operate('query');
  });

  /** As Nest calls a guard for an operation of GraphQL. */
  async function operate(operation: 'query' | 'mutate'): Promise<string> {
    const args = [undefined, {}, { req: kept.request }];
    const context = {
      getType: () => 'graphql',
      // eslint-disable-next-line @typescript-eslint/unbound-method -- guards read the metadata of the function
      getHandler: () => Socket.prototype[operation],
      getClass: () => Socket,
      getArgByIndex: (index: number) => args[index],
      getArgs: () => args,
    } as unknown as ExecutionContext;
    try {
      return String(await guard.canActivate(context));
    } catch (error) {
      return (error as { code?: string }).code ?? String(error);
    }
  }

  it('are let in while the token is good', async () => {
    expect([await operate('query'), await operate('mutate'), await operate('query')]).toEqual(['true', 'true', 'true']);
  });

  it('are refused once the user is revoked', async () => {
    await test.app.get(TokenService).revokeUser(2);
    expect([await operate('query'), await operate('mutate')]).toEqual(['token_revoked', 'token_revoked']);
  });

  it('are refused once everybody is', async () => {
    test.clock.advance(2);
    await test.app.get(TokenService).revokeAll();
    expect(await operate('mutate')).toBe('token_revoked');
  });

  it('are refused once the token has expired', async () => {
    test.clock.advance(59);
    expect(await operate('query')).toBe('true');
    test.clock.advance(1);
    expect([await operate('query'), await operate('mutate')]).toEqual(['token_expired', 'token_expired']);
  });
});
