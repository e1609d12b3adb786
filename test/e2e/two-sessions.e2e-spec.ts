import type { Logger } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, joined } from '../support/browser.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const REFRESH = 'POST /api/token/refresh/refresh_access/';
const MISMATCH = { status: 403, code: 'csrf_mismatch', events: ['jwto.csrf_failed'] } as const;

describe.each(ADAPTERS)('good cookies of two sessions, on %s', (_name, adapter) => {
  let test: TestApp;
  let alice: Browser;
  let bob: Browser;
  let asked: MockInstance<Logger['logQuery']>;
  beforeEach(async () => {
    test = await startApp({ adapter, options: { mode: 'TWO-COOKIES', blocklistCheck: 'database' } });
    alice = await Browser.signIn(test, 'alice');
    bob = await Browser.signIn(test, 'bob');
    asked = vi.spyOn(test.dataSource.logger, 'logQuery');
  });
  afterEach(() => test.close());

  /** Alice's cookies, and bob's of one name before them. */
  const withBobs = (name: string) => (own: Readonly<Record<string, string>>) =>
    `${name}=${bob.cookies[name] ?? ''}; ${joined(own)}`;
  const forgedPair = (name: string) => ({
    headers: { 'x-csrftoken': 'x' },
    cookies: (own: Readonly<Record<string, string>>) => withBobs(name)({ ...own, csrftoken: 'x' }),
  });

  it.each([
    [REFRESH, 'jwt_refresh'],
    ['POST /testapp/protect', 'jwt_access_token'],
  ])('are refused at %s before the store is asked, where the CSRF token is of neither', async (route, name) => {
    const send = async () => {
      asked.mockClear();
      const answer = await alice.send(route, forgedPair(name));
      expect(asked).not.toHaveBeenCalled();
      return answer;
    };
    await expectRefusal(test, send, MISMATCH);
    await alice.send(route, { cookies: withBobs(name) });
    expect(asked).toHaveBeenCalled();
  });

  it('end no session whose replaced token is among them, where the CSRF token is of neither', async () => {
    expect((await bob.send(REFRESH)).status).toBe(200);
    test.clock.advance(60);
    await expectRefusal(test, () => alice.send(REFRESH, forgedPair('jwt_refresh')), MISMATCH);
    // With the token of one of them, what came back is a reuse, as ever.
    expect((await alice.send(REFRESH, { cookies: withBobs('jwt_refresh') })).status).toBe(200);
    expect(test.takeEvents()).toContain('jwto.refresh_reused');
  });

  it('are narrowed to the one that has not ended, whose CSRF token it must be', async () => {
    await test.tokens.revokeUser(test.users.named('bob').id);
    const cookies = withBobs('jwt_refresh');
    const headers = { 'x-csrftoken': bob.csrf };
    const bobs = (own: Readonly<Record<string, string>>): string => cookies({ ...own, csrftoken: bob.csrf });
    await expectRefusal(test, () => alice.send(REFRESH, { headers, cookies: bobs }), MISMATCH);
    expect((await alice.send(REFRESH, { cookies })).status).toBe(200);
  });
});
