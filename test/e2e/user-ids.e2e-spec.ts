import { JwtoSession } from 'jwto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '../support/databases.js';
import { startApp, type TestApp } from '../support/test-app.js';

/** Ids that a lax collation, a cut or a driver would make one, or none. */
const NAMES = [
  'alice',
  'Alicé',
  'Alice',
  'Alice ',
  ' Alice',
  'ALICE',
  'alicé',
  'alice\u0301',
  'alic\u00e9',
  'straße',
  'strasse',
];
const LONG = 'ä'.repeat(100);
const ODD = [
  'x'.repeat(191),
  'x'.repeat(192),
  'x'.repeat(193),
  `${'x'.repeat(2000)}1`,
  `${'x'.repeat(2000)}2`,
  `${LONG}1`,
  `${LONG}2`,
  'nul\0l',
  'nul\0',
  'nul',
  'lone\ud800',
  'lone\ud801',
  'lone\udc00',
  'lone\ufffd',
  'pair\u{1f600}',
  '1',
  '01',
  '1.0',
  '%',
  '_____',
  `"'\\;--`,
];

describe.each(DATABASES)('ids on $name', (database) => {
  let test: TestApp;
  beforeEach(async () => {
    test = await startApp({ database });
  });
  afterEach(() => test.close());

  it.each([
    ['names that look alike', NAMES],
    ['long and odd ones', ODD],
  ])('are told apart byte by byte: %s', async (_what, ids) => {
    const distinct = [...new Set(ids)];
    const sids = new Map<string, string>();
    for (const id of distinct) {
      const user = { ...test.users.named('bob'), id, username: 'x' };
      test.users.rows.unshift(user);
      const tokens = await test.tokens.issue(user);
      sids.set(id, tokens.sid);
      expect(tokens.accessClaims.user.id).toBe(id);
    }
    for (const id of distinct) {
      expect((await test.tokens.listSessions(id)).map(({ sid }) => sid)).toEqual([sids.get(id)]);
    }
    for (const [index, id] of distinct.entries()) {
      test.takeEvents();
      test.clock.advance(1);
      expect([id, await test.tokens.revokeUser(id)]).toEqual([id, 1]);
      expect(test.events.at(-1)?.event).toMatchObject({ userId: id, sid: sids.get(id), reason: 'user_revoked' });
      expect(await test.tokens.revokeUser(id)).toBe(0);
      expect(await test.tokens.listSessions(id)).toEqual([]);
      for (const other of distinct.slice(index + 1)) expect(await test.tokens.listSessions(other)).toHaveLength(1);
    }
  });

  it('of any kind sign in, refresh and verify, and keep their JSON type', async () => {
    for (const id of [...ODD, 7, 0, -1, Number.MAX_SAFE_INTEGER]) {
      const user = { ...test.users.named('bob'), id };
      test.users.rows.unshift(user);
      const issued = await test.tokens.issue(user);
      const { access, refresh } = await test.tokens.refresh(issued.refresh);
      const claims = await test.tokens.verify(access);
      expect(claims.user.id).toBe(id);
      expect(claims.sub).toBe(String(id));
      expect((await test.tokens.verify(refresh, { type: 'refresh' })).user.id).toBe(id);
    }
  });

  it('as a number and as a text name the same user', async () => {
    const { access } = await test.tokens.issue(test.users.named('bob'));
    expect(await test.tokens.listSessions('2')).toHaveLength(1);
    expect(await test.tokens.revokeUser('2')).toBe(1);
    await expect(test.tokens.verify(access)).rejects.toMatchObject({ code: 'token_revoked' });
  });

  it('that are none are refused with nothing stored', async () => {
    for (const id of ['', Number.NaN, 1.5, null, undefined, {}, true]) {
      const user = { ...test.users.named('bob'), id: id as number };
      test.users.rows[1] = user;
      const login = await test.client().login('bob');
      expect([id, login.status, login.json.code]).toEqual([id, 503, 'store_unavailable']);
    }
    expect(await test.dataSource.getRepository(JwtoSession).find()).toEqual([]);
    expect(new Set(test.takeEvents())).toEqual(new Set(['jwto.login_failed']));
  });

  it('that are empty find nobody', async () => {
    await test.tokens.issue(test.users.named('bob'));
    for (const call of [
      () => test.tokens.revokeUser(''),
      () => test.tokens.listSessions(''),
      () => test.tokens.revokeSession(''),
      () => test.tokens.revokeUser(undefined as never),
      () => test.tokens.revokeSession(undefined as never),
    ]) {
      const outcome: unknown = await call().catch((error: unknown) => error);
      expect(
        [0, false, []].some((none) => JSON.stringify(none) === JSON.stringify(outcome)) || outcome instanceof Error,
      ).toBe(true);
    }
    expect(await test.tokens.listSessions(2)).toHaveLength(1);
  });
});
