import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { JwtoSession } from 'jwto';
import { DATABASES } from '../support/databases.js';
import { startApp, type TestApp } from '../support/test-app.js';
import type { Client } from '../support/client.js';

const GRACE = 10;

describe.each(DATABASES)('rotation on $name', (database) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ database });
  });
  afterAll(() => test.close());

  async function signedIn(): Promise<{ client: Client; refresh: string; sid: string }> {
    const client = test.client();
    const { json } = await client.login();
    test.takeEvents();
    const refresh = json.refresh ?? '';
    return { client, refresh, sid: sidOf(refresh) };
  }
  const sidOf = (token: string): string => String(test.tokens.decode(token).payload['sid']);
  const jtiOf = (token: string | undefined): unknown => test.tokens.decode(token ?? '').payload['jti'];
  const expOf = (token: string | undefined): unknown => test.tokens.decode(token ?? '').payload['exp'];
  const row = (sid: string): Promise<JwtoSession> =>
    test.dataSource.getRepository(JwtoSession).findOneByOrFail({ sid });
  async function refresh(client: Client, token: string | undefined, endpoint = 'refresh_access') {
    client.bearer = token;
    return client.refresh(endpoint);
  }

  it('replaces the refresh token at the first refresh after a login and keeps its expiry', async () => {
    const { client, refresh: first } = await signedIn();
    const answer = await refresh(client, first);
    expect(answer.status).toBe(200);
    expect(jtiOf(answer.json.refresh)).not.toBe(jtiOf(first));
    expect(expOf(answer.json.refresh)).toBe(expOf(first));
    expect(test.takeEvents()).toEqual(['jwto.access_refreshed']);
  });

  it('gives the same successor to the replaced token and to the successor itself inside the grace, without an event', async () => {
    const { client, refresh: first } = await signedIn();
    const second = (await refresh(client, first)).json;
    test.takeEvents();
    const again = (await refresh(client, first)).json;
    const further = (await refresh(client, second.refresh)).json;
    expect([jtiOf(again.refresh), jtiOf(further.refresh)]).toEqual([jtiOf(second.refresh), jtiOf(second.refresh)]);
    expect(new Set([jtiOf(second.access), jtiOf(again.access), jtiOf(further.access)]).size).toBe(3);
    expect(test.takeEvents()).toEqual([]);
  });

  it('moves the expiry and keeps the jti at an update_refresh inside the grace', async () => {
    const { client, refresh: first } = await signedIn();
    const second = (await refresh(client, first)).json;
    test.takeEvents();
    test.clock.advance(5);
    const updated = (await refresh(client, second.refresh, 'update_refresh')).json;
    expect(jtiOf(updated.refresh)).toBe(jtiOf(second.refresh));
    expect(expOf(updated.refresh)).toBe(Number(expOf(second.refresh)) + 5);
    expect(test.takeEvents()).toEqual(['jwto.refresh_updated']);
  });

  it('takes a token that was replaced longer ago for reuse, ends the session and tells it once', async () => {
    const { client, refresh: first, sid } = await signedIn();
    const second = (await refresh(client, first)).json;
    test.clock.advance(GRACE);
    test.takeEvents();
    const answer = await client.refresh('validate_refresh', { headers: { authorization: `Bearer ${first}` } });
    expect(answer.json.code).toBe('token_reused');
    expect((await refresh(client, first)).json.code).toBe('token_revoked');
    expect((await refresh(client, second.refresh)).json.code).toBe('token_revoked');
    client.bearer = second.access;
    expect((await client.get('/testapp/protect')).json.code).toBe('token_revoked');
    expect(test.takeEvents()).toEqual(['jwto.refresh_reused', 'jwto.session_revoked']);
    expect((await row(sid)).revokedReason).toBe('refresh_reused');
  });

  it('finds a thief who copies a token and follows, at the next refresh of the owner after the grace', async () => {
    const { client: owner, refresh: copied } = await signedIn();
    const thief = test.client();
    const mine = (await refresh(owner, copied)).json;
    const stolen = (await refresh(thief, copied)).json;
    expect(jtiOf(stolen.refresh)).toBe(jtiOf(mine.refresh));
    test.clock.advance(GRACE);
    expect((await refresh(thief, stolen.refresh)).status).toBe(200);
    test.clock.advance(GRACE);
    expect((await refresh(owner, mine.refresh)).json.code).toBe('token_reused');
    expect((await refresh(thief, stolen.refresh)).json.code).toBe('token_revoked');
  });

  it('takes a token whose successor was replaced too for reuse, also inside the grace', async () => {
    const { client, refresh: first } = await signedIn();
    const second = (await refresh(client, first)).json;
    test.clock.advance(GRACE);
    await refresh(client, second.refresh);
    expect((await refresh(client, first)).json.code).toBe('token_reused');
  });

  it.each([2, 20, 100])(
    'lets %d parallel refreshes of one token change the row once, each answered with 200',
    async (count) => {
      const { refresh: first, sid } = await signedIn();
      const endpoints = ['refresh_access', 'update_refresh'];
      test.clock.advance(3);
      const answers = await Promise.all(
        Array.from({ length: count }, (_, index) => refresh(test.client(), first, endpoints[index % 2])),
      );
      expect(answers.map(({ status }) => status)).toEqual(Array.from({ length: count }, () => 200));
      expect(new Set(answers.map(({ json }) => jtiOf(json.refresh))).size).toBe(1);
      const after = await row(sid);
      expect(after).toMatchObject({ generation: 1, revokedAt: null });
      // update_refresh moved the expiry, whoever rotated.
      expect(after.expiresAt / 1000).toBe(Number(expOf(first)) + 3);
    },
  );

  it('takes a token of a later generation than the row for a restored backup, not for reuse', async () => {
    const { client, refresh: first, sid } = await signedIn();
    const backup = await row(sid);
    const second = (await refresh(client, first)).json;
    await test.dataSource.getRepository(JwtoSession).save(backup);
    expect((await refresh(client, second.refresh)).json.code).toBe('token_revoked');
    expect(await row(sid)).toMatchObject({ revokedAt: null });
    expect((await refresh(client, first)).status).toBe(200);
  });
});

describe('rotation: false', () => {
  it('keeps the refresh token, moves its expiry only by update_refresh, and ends with the session', async () => {
    const test = await startApp({ options: { rotation: false } });
    const client = test.client();
    const { json: first } = await client.login();
    client.bearer = first.refresh;
    test.clock.advance(60);
    const second = (await client.refresh('update_refresh')).json;
    const claims = (token?: string): Record<string, unknown> => test.tokens.decode(token ?? '').payload;
    expect(claims(second.refresh)['jti']).toBe(claims(first.refresh)['jti']);
    expect(claims(second.refresh)['exp']).toBe(Number(claims(first.refresh)['exp']) + 60);
    expect((await client.refresh('refresh_access')).status).toBe(200);
    await client.refresh('logout');
    client.bearer = second.refresh;
    expect((await client.refresh('refresh_access')).json.code).toBe('token_revoked');
    await test.close();
  });
});
