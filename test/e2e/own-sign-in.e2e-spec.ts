import { Controller, HttpCode, Post, Query, Req, Res } from '@nestjs/common';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { JwtoSession, JwtoError, Public, TokenService } from 'jwto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { startApp, type TestApp } from '../support/test-app.js';

@Controller('external')
class External {
  constructor(private readonly tokens: TokenService) {}

  @Post()
  @HttpCode(200)
  @Public()
  async signIn(
    @Req() request: IncomingMessage,
    @Res({ passthrough: true }) reply: ServerResponse,
    @Query('mode') mode: 'JSON' | undefined,
  ): Promise<object> {
    try {
      const { access, mode: given } = await this.tokens.signIn(request, reply, { id: 2, username: 'bob' }, { mode });
      return given === 'JSON' ? { access } : { done: true };
    } catch (error) {
      return { code: (error as JwtoError).code };
    }
  }
}

describe.each(ADAPTERS)('TokenService.signIn on %s', (_name, adapter) => {
  let test: TestApp;
  beforeEach(async () => {
    test = await startApp({
      adapter,
      options: { mode: ['TWO-COOKIES', 'JSON'] },
      metadata: { controllers: [External] },
    });
  });
  afterEach(() => test.close());
  const live = (user: number): Promise<object[]> => test.tokens.listSessions(user);

  it('writes the cookies and ends the older session of the browser', async () => {
    const client = test.client();
    await client.login('alice');
    const answer = await client.send('/external');
    expect(answer.json).toEqual({ done: true });
    expect(answer.text).not.toContain('eyJ');
    expect((await client.get('/testapp/claims')).json).toMatchObject({ user: { username: 'bob' } });
    expect([(await live(1)).length, (await live(2)).length]).toEqual([0, 1]);
    expect(test.takeEvents()).toEqual(['jwto.logged_in', 'jwto.session_revoked', 'jwto.logged_in']);
  });

  it('refuses a foreign page, and issues nothing', async () => {
    const client = test.client();
    await client.login('alice');
    test.takeEvents();
    for (const headers of [{ origin: 'https://evil.example' }, { 'sec-fetch-site': 'cross-site' }]) {
      const answer = await client.send('/external', { headers });
      expect([answer.json.code, answer.cookies]).toEqual(['csrf_origin', []]);
    }
    expect([(await live(1)).length, (await live(2)).length]).toEqual([1, 0]);
    expect(test.takeEvents()).toEqual(['jwto.csrf_failed', 'jwto.csrf_failed']);
  });

  it.each(['/external?mode=JSON', '/login/'])('in JSON, without cookies, is open to every page: %s', async (path) => {
    const json = { username: 'bob', password: 'pass', mode: 'JSON' };
    const headers = { origin: 'https://front.example' };
    const answer = await test.client().send(path, path === '/login/' ? { json, headers } : { headers });
    expect([answer.json.access, answer.cookies]).toEqual([expect.stringMatching(/^eyJ/), []]);
    expect(test.takeEvents()).toEqual(['jwto.logged_in']);
  });

  it.each(['/external?mode=JSON', '/login/'])(
    'in JSON clears the cookies of the session that it ends: %s',
    async (path) => {
      const client = test.client();
      await client.login('alice');
      const json = { username: 'bob', password: 'pass', mode: 'JSON' };
      const { access } = (await client.send(path, path === '/login/' ? { json } : {})).json;
      expect(access).toMatch(/^eyJ/);
      expect([...client.jar.keys()]).toEqual([]);
      expect((await live(1)).length).toBe(0);
    },
  );

  it('and a login hand the other fields and the request to authenticate', async () => {
    const authenticate = vi.spyOn(test.users, 'authenticate');
    const json = { username: 'bob', password: 'pass', mode: 'JSON', code: '123', tenant: { id: 7 } };
    await test.client().send('/login/', { json });
    const credentials = authenticate.mock.calls[0]?.[0];
    expect(credentials).toMatchObject({
      username: 'bob',
      password: 'pass',
      body: { code: '123', tenant: { id: 7 } },
      request: { method: 'POST', path: '/login/' },
    });
    expect(Object.keys(credentials?.body ?? {}).sort()).toEqual(['code', 'tenant']);
    expect(Object.isFrozen(credentials)).toBe(true);
  });
});

describe('TokenService.issue', () => {
  let test: TestApp;
  beforeEach(async () => {
    test = await startApp({ options: { mode: ['JSON', 'ONE-COOKIE'], refreshTokenLifetime: '1d' } });
  });
  afterEach(() => test.close());
  const row = async (sid: string): Promise<JwtoSession | null> =>
    test.dataSource.getRepository(JwtoSession).findOneBy({ sid });

  it('takes lifetimes of its own, and those of another session with its mode', async () => {
    const user = test.users.named('bob');
    const lifetimes = { refreshTokenLifetime: '30d', sessionLifetime: '90d' } as const;
    const remembered = await test.tokens.issue(user, { mode: 'ONE-COOKIE', lifetimes });
    test.clock.advance(3600);
    await test.tokens.revokeUser(2);
    const again = await test.tokens.issue(user, { like: remembered.accessClaims });
    expect(again.mode).toBe('ONE-COOKIE');
    const [one, other] = [await row(remembered.sid), await row(again.sid)];
    const lives = (session: JwtoSession | null): unknown => [
      session?.refreshLifetime,
      (session?.endsAt ?? 0) - (session?.currentIat ?? 0),
    ];
    expect(lives(one)).toEqual([30 * 86_400_000, 90 * 86_400_000]);
    expect(lives(other)).toEqual(lives(one));
  });

  it('rejects, and never throws, for what is wrong', async () => {
    const user = test.users.named('bob');
    for (const [options, expected] of [
      [{ mode: 'TWO-COOKIES' as const }, { code: 'request_invalid' }],
      [{ like: { sid: 'no-such-session' } }, { code: 'token_revoked' }],
      [{ like: { sid: '' } }, {}],
    ] as const) {
      const issued = test.tokens.issue(user, options);
      expect(issued).toBeInstanceOf(Promise);
      await expect(issued).rejects.toMatchObject(expected);
    }
    expect(await test.tokens.listSessions(2)).toEqual([]);
  });

  it('keeps of a client what fits its columns', async () => {
    const request = { method: 'POST', path: '/', ip: `::1\0${'0'.repeat(80)}`, userAgent: `a\0${'b'.repeat(400)}` };
    const { sid } = await test.tokens.issue(test.users.named('bob'), { request });
    const session = await row(sid);
    expect([session?.ip?.length, session?.userAgent?.length, session?.userAgent?.startsWith('ab')]).toEqual([
      64,
      256,
      true,
    ]);
    expect(Object.isFrozen(request)).toBe(false);
  });
});
