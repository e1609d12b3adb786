import { Logger } from '@nestjs/common';
import { JwtoSession, type ClaimsProvider, type JwtoModuleOptions, type TokenType } from 'jwto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { DATABASES } from '../support/databases.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

type Give = (type: TokenType) => Record<string, unknown>;

let test: TestApp;
let give: Give;
afterEach(async () => {
  vi.restoreAllMocks();
  await test.close();
});

const claims: JwtoModuleOptions['claims'] = {
  useValue: { claims: (_user: unknown, { type }: { type: TokenType }) => give(type) } as unknown as ClaimsProvider,
};
/** What is logged as an error from then on. */
function errors(): () => string {
  const log = vi.spyOn(Logger.prototype, 'error').mockImplementation(() => undefined);
  return () => log.mock.calls.flat().join('\n');
}

describe.each(ADAPTERS)('what a ClaimsProvider gives, on %s', (_name, adapter) => {
  /** 503 with nothing issued, and the reason in the log. */
  async function expectLoginRefused(reason: RegExp): Promise<void> {
    const logged = errors();
    const json = { username: 'bob', password: 'pass' };
    await expectRefusal(test, () => test.client().send('/login/', { json }), {
      status: 503,
      code: 'store_unavailable',
      events: ['jwto.login_failed'],
    });
    expect(logged()).toMatch(reason);
  }

  it.each<[string, Give, RegExp]>([
    ['no token', () => ({}), /"tenant".*access/],
    ['null', () => ({ tenant: null }), /"tenant".*access/],
    ['the access token alone', (type) => (type === 'access' ? { tenant: 'a' } : {}), /"tenant".*refresh/],
  ])('is refused at the first login where a required claim is in: %s', async (_what, given, message) => {
    give = given;
    test = await startApp({ adapter, options: { claims, requiredClaims: ['tenant'] } });
    await expectLoginRefused(message);
    await expect(test.tokens.issue(test.users.named('bob'))).rejects.toMatchObject({ code: 'store_unavailable' });
  });

  it('signs nobody out where a required claim is missing for a while', async () => {
    give = () => ({ tenant: 'a' });
    test = await startApp({ adapter, options: { claims, requiredClaims: ['tenant'] } });
    errors();
    const client = test.client();
    client.bearer = (await client.login('bob')).json.refresh;
    give = () => ({});
    await expectRefusal(test, () => client.refresh('refresh_access'), { status: 503, code: 'store_unavailable' });
    give = () => ({ tenant: 'b' });
    expect((await client.refresh('refresh_access')).status).toBe(200);
  });

  it.each<[string, unknown]>([
    ['a text of perms', { perms: 'perm1' }],
    ['no perms', { perms: null }],
    ['perms by name', { perms: { perm1: true } }],
    ['numbers for perms', { perms: [1] }],
    ['no username', { username: '' }],
    ['a number for a username', { username: 7 }],
  ])('is refused, and named, with %s in user', async (_what, user) => {
    give = () => ({ user });
    test = await startApp({ adapter, options: { claims } });
    await expectLoginRefused(/ClaimsProvider.*\n.*(perms|username)/);
  });

  it('may have perms of its own', async () => {
    give = () => ({ user: { perms: ['perm1'], username: 'Alice' } });
    test = await startApp({ adapter, options: { claims } });
    const client = test.client();
    await client.login('alice');
    expect((await client.get('/testapp/perms_protect')).status).toBe(200);
  });
});

describe.each(DATABASES)('texts with NUL on $name', (database) => {
  it('in a reason, an agent or an address end up without it', async () => {
    test = await startApp({ database });
    const bob = test.users.named('bob');
    for (const odd of ['a\0b', '\0', '\ud800', '\u{1F600}'.repeat(200)]) {
      const request = { method: 'GET', path: '/', ip: odd, userAgent: odd };
      const { sid, access } = await test.tokens.issue(bob, { request });
      expect(await test.tokens.revokeSession(sid, { reason: odd })).toBe(true);
      await expect(test.tokens.verify(access)).rejects.toMatchObject({ code: 'token_revoked' });
      expect(await test.tokens.revokeSession(odd)).toBe(false);
      expect(await test.tokens.revokeUser(odd)).toBe(0);
      expect(await test.tokens.listSessions(odd)).toEqual([]);
      expect(await test.tokens.revokeOtherSessions(odd, odd)).toBe(0);
    }
    const row = await test.dataSource.getRepository(JwtoSession).findOneBy({ ip: 'ab' });
    expect(row).toMatchObject({ userAgent: 'ab', ip: 'ab', revokedReason: 'ab' });
  });
});
