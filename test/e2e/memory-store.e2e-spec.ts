import { Logger } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { JwtoModule, MemoryStore, TokenService } from 'jwto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { SIGNING_KEY, startApp, type TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

interface Tokens {
  access: string;
  refresh: string;
}

const CREDENTIALS = { username: 'alice', password: 'pass' };

describe.each(ADAPTERS)("store: 'memory' on %s", (_name, adapter) => {
  let test: TestApp;
  beforeEach(async () => {
    test = await startApp({ adapter, options: { store: 'memory' } });
  });
  afterEach(() => test.close());

  async function post(
    path: string,
    body: object,
    access?: string,
  ): Promise<{ status: number; body: Partial<Tokens> & { code?: string } }> {
    const headers = { 'content-type': 'application/json', ...(access && { authorization: `Bearer ${access}` }) };
    const answer = await fetch(test.url + path, { method: 'POST', headers, body: JSON.stringify(body) });
    return { status: answer.status, body: (await answer.json()) as Partial<Tokens> & { code?: string } };
  }
  async function login(): Promise<Tokens> {
    const { status, body } = await post('/login/', CREDENTIALS);
    expect(status).toBe(200);
    return body as Tokens;
  }
  function refresh(token: string): ReturnType<typeof post> {
    return post('/api/token/refresh/refresh_access/', {}, token);
  }

  it('signs in, refreshes, finds reuse and forgets nothing that was revoked', async () => {
    const first = await login();
    const second = await refresh(first.refresh);
    expect(second.status).toBe(200);
    test.clock.advance(60);
    expect((await refresh(first.refresh)).body.code).toBe('token_reused');
    expect((await refresh(second.body.refresh ?? '')).body.code).toBe('token_revoked');
    expect(await test.tokens.verify(second.body.access ?? '').catch((error: unknown) => error)).toMatchObject({
      code: 'token_revoked',
    });
  });

  it('ends the sessions of a user, and lists what lives', async () => {
    const [one] = [await login(), await login()];
    const userId = (await test.tokens.verify(one.access)).user.id;
    expect(await test.tokens.listSessions(userId)).toHaveLength(2);
    expect(await test.tokens.revokeUser(userId)).toBe(2);
    expect(await test.tokens.listSessions(userId)).toEqual([]);
    expect((await refresh(one.refresh)).body.code).toBe('token_revoked');
    await login();
    expect(await test.tokens.listSessions(userId)).toHaveLength(1);
  });
});

describe('the setting store', () => {
  const warnings = vi.spyOn(Logger.prototype, 'warn').mockImplementation(() => undefined);
  afterEach(() => {
    vi.unstubAllEnvs();
    warnings.mockClear();
  });

  async function start(store: Parameters<typeof JwtoModule.forRoot>[0]['store']): Promise<TokenService> {
    const users = { useValue: new TestUsers() };
    const imports = [JwtoModule.forRoot({ signingKey: SIGNING_KEY, users, store })];
    const module = await Test.createTestingModule({ imports }).compile();
    await module.createNestApplication().init();
    return module.get(TokenService);
  }

  it("needs no DataSource, and warns of 'memory' in production", async () => {
    await start('memory');
    expect(warnings).not.toHaveBeenCalled();
    vi.stubEnv('NODE_ENV', 'production');
    await start('memory');
    expect(warnings).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('a restart signs everybody out'));
  });

  it('takes a store of one’s own, which two applications share', async () => {
    const store = new MemoryStore();
    const [one, other] = [await start({ useValue: store }), await start({ useFactory: () => store })];
    const user = new TestUsers().named('alice');
    const { sid } = await one.issue(user);
    expect((await other.listSessions(user.id)).map((session) => session.sid)).toEqual([sid]);
  });
});
