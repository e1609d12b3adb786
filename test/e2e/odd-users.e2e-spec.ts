import { JwtoSession } from 'jwto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startApp, type TestApp } from '../support/test-app.js';

/** What a row of an application's own table, or a mistake, can make of a user. */
const ODD: [string, object][] = [
  ['an empty id', { id: '' }],
  ['no id', { id: undefined }],
  ['null for an id', { id: null }],
  ['NaN for an id', { id: Number.NaN }],
  ['a fraction for an id', { id: 1.5 }],
  ['an object for an id', { id: { toString: () => '2' } }],
  ['no username', { username: undefined }],
  ['a number for a username', { username: 7 }],
  ['a text for perms', { perms: 'perm1' }],
  ['an object for perms', { perms: { 0: 'perm1', length: 1 } }],
  ['a list with a number for perms', { perms: ['perm1', 7] }],
  ['a number for isActive', { isActive: 0 }],
  ['a text for isActive', { isActive: 'false' }],
  ['a number for a stamp', { stamp: 7 }],
  ['a Date for a stamp', { stamp: new Date(0) }],
];

describe('a user who is none, with', () => {
  let test: TestApp;
  beforeEach(async () => {
    test = await startApp();
  });
  afterEach(() => test.close());

  it.each(ODD)('%s, gets nothing at login, at issue and at refresh', async (_what, odd) => {
    const client = test.client();
    const { refresh } = (await client.login('bob')).json;
    const before = await test.dataSource.getRepository(JwtoSession).find();
    test.takeEvents();
    const user = { ...test.users.named('bob'), ...odd };
    vi.spyOn(test.users, 'authenticate').mockReturnValue(user);
    vi.spyOn(test.users, 'findById').mockReturnValue(user);

    const login = await test.client().login('bob');
    expect([login.status, login.json.code]).toEqual([503, 'store_unavailable']);
    client.bearer = refresh;
    const refreshed = await client.refresh('refresh_access');
    expect([refreshed.status, refreshed.json.code]).toEqual([503, 'store_unavailable']);
    await expect((async () => test.tokens.issue(user))()).rejects.toThrow();
    expect(await test.dataSource.getRepository(JwtoSession).find()).toEqual(before);
    expect(test.takeEvents()).toEqual(['jwto.login_failed']);
  });

  it.each<[string, object]>([
    ['null for perms', { perms: null }],
    ['null for a stamp', { stamp: null }],
    ['null for isActive', { isActive: null }],
    ['an empty stamp', { stamp: '' }],
  ])('%s, is never answered with 500', async (_what, odd) => {
    const user = { ...test.users.named('bob'), ...odd };
    vi.spyOn(test.users, 'authenticate').mockReturnValue(user);
    vi.spyOn(test.users, 'findById').mockReturnValue(user);
    const login = await test.client().login('bob');
    expect([200, 401, 503]).toContain(login.status);
    if (login.status !== 200) return;
    const client = test.client();
    client.bearer = login.json.refresh;
    expect((await client.refresh('refresh_access')).status).toBe(200);
  });

  it('another id at a refresh than at the login, gets nothing of the other', async () => {
    const client = test.client();
    client.bearer = (await client.login('bob')).json.refresh;
    vi.spyOn(test.users, 'findById').mockReturnValue(test.users.named('admin'));
    const answer = await client.refresh('refresh_access');
    expect(answer.status).not.toBe(200);
    expect(answer.text).not.toContain('ey');
    expect(test.takeEvents()).not.toContain('jwto.access_refreshed');
  });
});

describe('what the application gives and throws', () => {
  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('mapper');
      },
    ],
    ['returns nothing', () => undefined],
    ['returns a status that is none', () => ({ status: 0, body: {} })],
  ])('an errorMapper that %s makes no success of a refusal', async (_what, errorMapper) => {
    const test = await startApp({ options: { errorMapper: errorMapper as never } });
    for (const answer of [await test.client().login('bob', 'wrong'), await test.client().get('/testapp/protect')]) {
      expect(answer.status).toBeGreaterThanOrEqual(400);
      expect(answer.text).not.toContain('mapper');
    }
    await test.close();
  });
});
