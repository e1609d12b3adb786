import { Injectable, Module } from '@nestjs/common';
import { EventEmitterModule, OnEvent } from '@nestjs/event-emitter';
import { JwtoEvents, JWTO_EVENTS, requestInfo, type JwtoEvent, type JwtoEventName } from 'jwto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { startApp, type TestApp } from '../support/test-app.js';

@Injectable()
class Listener {
  readonly heard: [string, JwtoEvent][] = [];

  @OnEvent('jwto.logged_in')
  loggedIn(event: JwtoEvent): void {
    this.heard.push(['logged_in', event]);
  }

  @OnEvent('jwto.*')
  anything(event: JwtoEvent): void {
    this.heard.push(['any', event]);
  }

  @OnEvent('jwto.login_failed')
  fails(): never {
    throw new Error('a handler that throws');
  }

  @OnEvent('jwto.blacklisted')
  async rejects(): Promise<void> {
    await Promise.resolve();
    throw new Error('a handler that rejects');
  }
}

@Module({ imports: [EventEmitterModule.forRoot({ wildcard: true })], providers: [Listener] })
class ListenerModule {}

const MEMBERS = ['at', 'claims', 'instance', 'request', 'sid', 'userId'];
let test: TestApp;
afterEach(() => test.close());

describe.each(ADAPTERS)('events on %s', (_name, adapter) => {
  it('have exactly these members, are frozen to the bottom, and hold neither token nor password', async () => {
    test = await startApp({ adapter });
    const client = test.client();
    await client.login('bob', 'a-wrong-password');
    const login = await client.send('/login/?next=a-query', {
      json: { username: 'bob', password: 'pass' },
      headers: { 'user-agent': 'the agent', 'x-own': 'a-header', cookie: 'own=a-cookie' },
    });
    client.bearer = login.json.refresh;
    await client.refresh('validate_refresh');
    await client.refresh('refresh_access');
    await client.refresh('update_refresh');
    await client.refresh('logout');
    expect(test.events.map(({ name }) => name)).toEqual([
      'jwto.login_failed',
      'jwto.logged_in',
      'jwto.token_validated',
      'jwto.access_refreshed',
      'jwto.refresh_updated',
      'jwto.blacklisted',
    ]);
    const shown = JSON.stringify(test.events);
    const secrets = [
      'a-wrong-password',
      '"pass"',
      login.json.access,
      login.json.refresh,
      'a-query',
      'a-header',
      'a-cookie',
    ];
    for (const secret of secrets) expect(shown).not.toContain(secret);

    const [failed, signedIn] = test.events.map(({ event }) => event);
    expect(Object.keys(failed ?? {}).sort()).toEqual([...MEMBERS, 'reason'].sort());
    expect(failed).toMatchObject({ userId: null, sid: null, claims: null, reason: 'credentials_invalid' });
    expect(Object.keys(signedIn ?? {}).sort()).toEqual(MEMBERS);
    expect(signedIn).toEqual({
      at: test.clock.now(),
      instance: 'default',
      request: { method: 'POST', path: '/login/', ip: expect.stringMatching(/127\.0\.0\.1$/), userAgent: 'the agent' },
      userId: '2',
      sid: signedIn?.claims?.['sid'],
      claims: test.tokens.decode(login.json.access ?? '').payload,
    });
    for (const { event } of test.events) expect(thawed(event)).toEqual([]);
  });

  it('are heard by @OnEvent of @nestjs/event-emitter, wildcards too', async () => {
    test = await startApp({ adapter, metadata: { imports: [ListenerModule] } });
    const { heard } = test.app.get(Listener);
    await test.client().login('bob');
    expect(heard.map(([name]) => name).sort()).toEqual(['any', 'logged_in']);
    expect(heard[0]?.[1]).toBe(test.events[0]?.event);
    const client = test.client();
    expect((await client.login('bob', 'wrong')).status).toBe(401);
    client.bearer = (await client.login('bob')).json.refresh;
    expect((await client.refresh('logout')).status).toBe(200);
    expect(heard.map(([name]) => name).filter((name) => name === 'any')).toHaveLength(4);
  });

  it('change no answer, whether handlers throw, reject, hang, or change what they get', async () => {
    test = await startApp({ adapter });
    const events = test.app.get(JwtoEvents);
    const later = vi.fn();
    events.on('jwto.logged_in', () => {
      throw new Error('broken');
    });
    events.on('jwto.logged_in', () => Promise.reject(new Error('broken')));
    events.on('jwto.logged_in', () => new Promise(() => undefined));
    // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- what an application may do
    events.on('*', () => Promise.reject(undefined));
    events.on('jwto.logged_in', (event) => {
      (event as { userId: string }).userId = 'another';
    });
    events.on('jwto.logged_in', () => ({
      then: () => {
        throw new Error('no promise');
      },
    }));
    events.on('jwto.logged_in', later);
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const { status, json } = await test.client().login('bob');
    await new Promise((resolve) => setTimeout(resolve, 20));
    process.off('unhandledRejection', unhandled);
    expect([status, unhandled.mock.calls, later.mock.calls.length]).toEqual([200, [], 1]);
    expect(test.events[0]?.event.userId).toBe('2');
    expect(await test.tokens.verify(json.access ?? '')).toMatchObject({ sub: '2' });
  });
});

describe('JwtoEvents', () => {
  it('calls a handler with the event and its name, until the subscription ends', async () => {
    test = await startApp();
    const events = test.app.get(JwtoEvents);
    const [one, all] = [vi.fn(), vi.fn()];
    const offs = [events.on('jwto.logged_in', one), events.on('*', all)];
    const { sid } = await test.tokens.issue(test.users.named('bob'));
    await test.tokens.revokeSession(sid);
    expect(one.mock.calls).toEqual([[expect.objectContaining({ sid, request: null }), 'jwto.logged_in']]);
    expect(all.mock.calls.map(([, name]) => name as string)).toEqual(['jwto.logged_in', 'jwto.session_revoked']);
    for (const off of offs) off();
    await test.tokens.issue(test.users.named('bob'));
    expect([one.mock.calls.length, all.mock.calls.length]).toEqual([1, 2]);
  });

  it('names every event that happens', async () => {
    test = await startApp({ options: { mode: ['JSON', 'ONE-COOKIE'] } });
    const client = test.client();
    await client.login('bob', 'wrong');
    await client.login('bob', 'pass', { mode: 'ONE-COOKIE' });
    client.bearer = undefined;
    await client.send('/testapp/protect');
    await test.tokens.revokeUser(2);
    const names: JwtoEventName[] = test.events.map(({ name }) => name);
    expect(names).toEqual(['jwto.login_failed', 'jwto.logged_in', 'jwto.csrf_failed', 'jwto.session_revoked']);
    for (const name of names) expect(JWTO_EVENTS).toContain(name);
    expect(test.events[2]?.event).toMatchObject({
      reason: 'csrf_missing',
      request: { method: 'POST', path: '/testapp/protect' },
    });
    expect(test.events[3]?.event).toMatchObject({ reason: 'user_revoked', userId: '2', request: null });
  });

  it('tells where an issued session came from, where the application says so', async () => {
    test = await startApp();
    const request = requestInfo({
      method: 'GET',
      url: '/callback?code=x',
      headers: { 'user-agent': 'a\nb\u0007' + 'c'.repeat(300) },
      socket: {},
    } as never);
    const { sid } = await test.tokens.issue(test.users.named('bob'), { request });
    expect(test.events[0]?.event.request).toEqual({
      method: 'GET',
      path: '/callback',
      ip: null,
      userAgent: 'ab' + 'c'.repeat(254),
    });
    expect((await test.tokens.listSessions(2))[0]).toMatchObject({ sid, userAgent: 'ab' + 'c'.repeat(254), ip: null });
  });
});

/** The paths of whatever is not frozen. */
function thawed(value: unknown, path = 'event'): string[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Object.isFrozen(value) ? [] : [path];
  return [...own, ...Object.entries(value).flatMap(([name, member]) => thawed(member, `${path}.${name}`))];
}
