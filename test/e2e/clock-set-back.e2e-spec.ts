import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { DATABASES } from '../support/databases.js';
import { startApp, type TestApp } from '../support/test-app.js';

/** Less than an `iat` may lie ahead: its tokens are good after the clock was set back, too. */
const BACK = -30;

describe.each(DATABASES)('a clock that was set back, on $name,', (database) => {
  let test: TestApp;
  afterEach(() => test.close());

  for (const [adapterName, adapter] of ADAPTERS)
    it.each([
      ['revokeAll', () => test.tokens.revokeAll()],
      ['revokeUser', () => test.tokens.revokeUser('2')],
    ])(`leaves no sign-in to %s behind, on ${adapterName}`, async (_name, revoke) => {
      test = await startApp({ database, adapter });
      const client = test.client();
      const { access = '', refresh = '' } = (await client.login('bob')).json;
      test.clock.advance(BACK);
      expect(await revoke()).toBe(1);
      client.bearer = access;
      const page = await client.get('/testapp/protect');
      expect([page.status, page.json.code]).toEqual([401, 'token_revoked']);
      await expect(test.tokens.verify(access)).rejects.toMatchObject({ code: 'token_revoked' });
      await expect(test.tokens.verify(refresh, { type: 'refresh' })).rejects.toMatchObject({ code: 'token_revoked' });
      expect(await revoke()).toBe(0);
    });

  it('lets a user sign in again after the revocation, once it has come to that moment', async () => {
    test = await startApp({ database });
    await test.client().login('bob');
    test.clock.advance(BACK);
    await test.tokens.revokeAll();
    test.clock.advance(1);
    const { status, json } = await test.client().login('bob');
    expect(status).toBe(200);
    await test.tokens.verify(json.access ?? '');
  });
});
