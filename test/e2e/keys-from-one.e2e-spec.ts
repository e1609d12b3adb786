import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '../support/client.js';
import { DATABASES } from '../support/databases.js';
import { formerKey, ring, ringKey } from '../support/rings.js';
import { worldOf, type OwnApp, type World } from '../support/two-apps.js';

const MODES = ['JSON', 'ONE-COOKIE', 'TWO-COOKIES'] as const;
const PROTECT = '/testapp/protect';

/** The same client, with its tokens and cookies, at another application. */
function moved(client: Client, app: OwnApp): Client {
  const other = app.client();
  for (const [name, cookie] of client.jar) other.jar.set(name, cookie);
  other.bearer = client.bearer;
  return other;
}

describe.each(DATABASES)('rolling from one signingKey to a ring on $name', (database) => {
  let world: World;
  let before: OwnApp;
  let after: OwnApp;
  const mode = [...MODES];
  beforeEach(async () => {
    world = worldOf(database);
    before = await world.start({ mode });
    after = await world.start({ mode, ...ring(ringKey('new'), formerKey()) });
  });
  afterEach(() => world.close());
  const kidOf = (token: string | undefined): unknown => after.tokens.decode(token ?? '').header['kid'];

  it('goes on with tokens in a header, which get a kid at the first refresh', async () => {
    const old = before.client();
    const { json } = await old.login('bob');
    const client = moved(old, after);
    expect((await client.send(PROTECT)).text).toBe('worked!');
    expect((await client.get('/testapp/perms_protect')).text).toBe('perms also worked!');
    client.bearer = json.refresh;
    expect((await client.refresh('validate_refresh')).json).toEqual({ msg: 'Token is valid' });
    const refreshed = await client.refresh('refresh_access');
    expect([refreshed.json.access, refreshed.json.refresh].map(kidOf)).toEqual(['new', 'new']);
    client.bearer = refreshed.json.access;
    expect((await client.send(PROTECT)).text).toBe('worked!');
    client.bearer = refreshed.json.refresh;
    expect((await client.refresh('logout')).json).toEqual({ msg: 'Token successfully blacklisted.' });
  });

  it.each(['ONE-COOKIE', 'TWO-COOKIES'] as const)(
    'goes on with the cookies and the CSRF token of %s',
    async (cookies) => {
      const old = before.client();
      await old.login('bob', 'pass', { mode: cookies });
      const client = moved(old, after);
      const csrf = client.cookie('csrftoken');
      expect((await client.send(PROTECT, { headers: client.csrf() })).text).toBe('worked!');
      expect((await client.refresh('refresh_access')).json).toEqual({ msg: 'Access token successfully refreshed.' });
      expect(kidOf(client.cookie('jwt_refresh'))).toBe('new');
      // The one that the page has read is good beside the new one, until its key goes.
      expect(client.cookie('csrftoken')).not.toBe(csrf);
      expect((await client.send(PROTECT, { headers: client.csrf() })).text).toBe('worked!');
      expect((await client.refresh('logout')).json).toEqual({ msg: 'Token successfully blacklisted.' });
      expect(client.jar.size).toBe(0);
    },
  );

  it('refuses, in an application that has not been rolled yet, the tokens of the new key', async () => {
    const { access, refresh } = await after.tokens.issue(after.users.named('bob'));
    await expect(before.tokens.verify(access)).rejects.toMatchObject({ code: 'token_invalid' });
    await expect(before.tokens.refresh(refresh)).rejects.toMatchObject({ code: 'token_invalid' });
  });

  it('has no refusal in either direction if the former key goes on signing at first', async () => {
    const both = await world.start({ mode, ...ring({ ...formerKey(), kid: 'former' }, ringKey('new')) });
    const one = await world.start({ mode, ...ring(formerKey()) });
    const { access, refresh } = await both.tokens.issue(both.users.named('bob'));
    await one.tokens.verify(access);
    // An application with one signingKey knows that key by its thumbprint only: leave kid out while both kinds run.
    const byThumbprint = await world.start({ mode, ...ring({ ...formerKey(), kid: undefined }) });
    const issued = await byThumbprint.tokens.issue(byThumbprint.users.named('bob'));
    await before.tokens.verify(issued.access);
    expect((await before.tokens.refresh(issued.refresh)).sid).toBe(issued.sid);
    expect((await one.tokens.refresh(refresh)).accessClaims.user.username).toBe('bob');
  });

  it('ends what is without a kid with the key for it', async () => {
    const { access, refresh } = await before.tokens.issue(before.users.named('bob'));
    const later = await world.start({ mode, ...ring(ringKey('newer'), ringKey('new')) });
    await expect(later.tokens.verify(access)).rejects.toMatchObject({ code: 'token_invalid' });
    await expect(later.tokens.refresh(refresh)).rejects.toMatchObject({ code: 'token_invalid' });
    await after.tokens.verify(access);
    expect(later.takeEvents()).toEqual([]);
  });
});
