import type { BrowserContext } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { openAttacker, type Attacker } from './support/attacker.js';
import { BUILD_TIMEOUT, CHROMIUM } from './support/chromium.js';
import { BROWSER_DATABASES } from './support/databases.js';
import type { Passing } from './support/door.js';
import { openStage, SIBLING, STRANGER, type Stage } from './support/stage.js';
import { openTab, type Tab } from './support/tab.js';

const PROTECT = '/testapp/protect/';
const LOGOUT = '/api/token/refresh/logout/';
const BOB = { username: 'bob', password: 'pass' };

/** What another page tries, and what it has done if it succeeds: changed something, ended the session, or replaced it. */
type Attempt = [string, 'change' | 'end' | 'login', (attacker: Attacker, at: string) => Promise<Passing>];
const ATTEMPTS: readonly Attempt[] = [
  ['a form', 'change', ({ submit }, at) => submit(at + PROTECT)],
  ['a form, to the logout', 'end', ({ submit }, at) => submit(at + LOGOUT)],
  ['a form of text/plain', 'change', ({ submit }, at) => submit(at + PROTECT, { '{"x': '":1}' }, 'text/plain')],
  ['fetch with credentials', 'change', ({ send }, at) => send(at + PROTECT)],
  ['fetch with credentials, to the logout', 'end', ({ send }, at) => send(at + LOGOUT)],
  ['JSON as text/plain', 'end', ({ send }, at) => send(at + LOGOUT, '{"jwt_type":"refresh"}', 'text/plain')],
  ['a login by a form', 'login', ({ submit }, at) => submit(`${at}/login/`, BOB)],
  ['a login by fetch', 'login', ({ send }, at) => send(`${at}/login/`, String(new URLSearchParams(BOB)))],
];

describe.runIf(CHROMIUM !== '').each(BROWSER_DATABASES)('a page of another host, on $name', ({ empty }) => {
  let stage: Stage;
  let context: BrowserContext;
  let victim: Tab;

  beforeAll(async () => {
    stage = await openStage({}, await empty());
  }, BUILD_TIMEOUT);
  afterAll(() => stage.close());
  beforeEach(async () => {
    context = await stage.newContext();
    victim = await openTab(context, stage.origin);
    await victim.login();
    stage.takeEvents();
  });
  afterEach(() => context.close());

  const attackerOn = (host: string): Promise<Attacker> => openAttacker(context, stage.door, stage.door.origin(host));
  const whoIs = (): Promise<string> =>
    victim.run(`return (await (await client.fetch('/testapp/claims/')).json()).user?.username ?? 'nobody'`);

  /** The session is as it was, and nothing was told but the refusal. */
  async function nothingHappened(events: readonly string[]): Promise<void> {
    expect(stage.takeEvents()).toEqual(events);
    expect(await whoIs()).toBe('alice');
    expect(await victim.fetch(PROTECT, 'POST')).toBe(200);
    await victim.logout();
    expect(await whoIs()).toBe('nobody');
    expect(stage.takeEvents()).toEqual(['jwto.blacklisted']);
  }
  const refusalOf = (aim: Attempt[1]): string[] =>
    aim === 'login' ? ['jwto.csrf_failed', 'jwto.login_failed'] : ['jwto.csrf_failed'];

  /** The attempt did what it was for. */
  async function happened(aim: Attempt[1], outcome: Passing): Promise<void> {
    expect(outcome).toMatchObject({ status: 200, code: undefined });
    if (aim === 'end') expect(stage.takeEvents()).toEqual(['jwto.blacklisted']);
    if (aim === 'login') expect(stage.takeEvents()).toContain('jwto.logged_in');
    expect(await whoIs()).toBe({ change: 'alice', end: 'nobody', login: 'bob' }[aim]);
  }

  describe('of the same site, where the browser sends the cookies', () => {
    it.each(ATTEMPTS)('is refused: %s', async (_name, aim, attempt) => {
      const outcome = await attempt(await attackerOn(SIBLING), stage.origin);
      expect(outcome).toMatchObject({ status: 403, code: 'csrf_origin' });
      expect(outcome.cookie).toContain('jwt_access_token=');
      await nothingHappened(refusalOf(aim));
    });
  });

  describe('of another site', () => {
    it.each(ATTEMPTS)('is refused: %s', async (_name, aim, attempt) => {
      const outcome = await attempt(await attackerOn(STRANGER), stage.origin);
      const refusal = aim === 'login' ? { status: 403, code: 'csrf_origin' } : { status: 401, code: 'token_missing' };
      expect(outcome).toMatchObject({ ...refusal, cookie: '' });
      await nothingHappened(aim === 'login' ? refusalOf(aim) : []);
    });
  });

  describe('of another site, with SameSite=None, where the browser sends the cookies', () => {
    beforeAll(() => stage.restart({ JWTO_SAME_SITE: 'None' }), BUILD_TIMEOUT);

    // Of `fetch` the browser withholds them, as third-party cookies in a private window.
    it.each(ATTEMPTS.filter(([name]) => name.includes('form')))('is refused: %s', async (_name, aim, attempt) => {
      const outcome = await attempt(await attackerOn(STRANGER), stage.origin);
      expect(outcome).toMatchObject({ status: 403, code: 'csrf_origin' });
      expect(outcome.cookie).toContain('jwt_access_token=');
      await nothingHappened(refusalOf(aim));
    });
  });

  describe('with the protection switched off', () => {
    beforeAll(() => stage.restart({ JWTO_CSRF: 'false' }), BUILD_TIMEOUT);

    it.each(ATTEMPTS)('of the same site, succeeds: %s', async (_name, aim, attempt) => {
      await happened(aim, await attempt(await attackerOn(SIBLING), stage.origin));
    });

    it('of another site, succeeds: a login by a form', async () => {
      const { submit } = await attackerOn(STRANGER);
      await happened('login', await submit(`${stage.origin}/login/`, BOB));
    });

    it('cannot sign in by text/plain all the same: it is no body', async () => {
      const { send } = await attackerOn(SIBLING);
      await send(`${stage.origin}/login/`, JSON.stringify(BOB), 'text/plain');
      expect(stage.takeEvents()).toEqual([]);
      expect(await whoIs()).toBe('alice');
    });
  });
});
