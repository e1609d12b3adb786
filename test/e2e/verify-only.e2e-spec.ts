import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { jwkOf, makeKeys } from '../support/keys.js';
import { refusalOf, wrongSettings } from '../support/startup.js';
import { startApp, type TestApp } from '../support/test-app.js';

const { signing, verifying } = makeKeys('ES256');
const VERIFY_ONLY = {
  algorithm: 'ES256',
  signingKey: undefined,
  verifyingKey: jwkOf(verifying),
  users: undefined,
} as const;

describe.each(ADAPTERS)('a process with a public key only, on %s', (_name, adapter) => {
  let issuer: TestApp;
  let test: TestApp;
  beforeAll(async () => {
    issuer = await startApp({ adapter, options: { algorithm: 'ES256', signingKey: signing } });
    test = await startApp({ adapter, options: { ...VERIFY_ONLY, dataSource: issuer.dataSource } });
  });
  afterAll(async () => {
    await test.close();
    await issuer.close();
  });

  it('has no endpoint that issues tokens', async () => {
    const client = test.client();
    client.bearer = (await issuer.client().login()).json.refresh;
    expect((await client.login()).status).toBe(404);
    for (const endpoint of ['refresh_access', 'update_refresh']) {
      expect((await client.refresh(endpoint)).status, endpoint).toBe(404);
    }
    await expect(test.tokens.issue({ id: 1, username: 'alice' })).rejects.toThrow('signingKey');
    expect(test.takeEvents()).toEqual([]);
  });

  it('accepts the tokens of the issuing process, and sees its revocations', async () => {
    const { json } = await issuer.client().login('bob');
    const client = test.client();
    client.bearer = json.access;
    expect((await client.send('/validate_access/')).json).toEqual({ msg: 'Token is valid' });
    expect((await client.get('/testapp/perms_protect')).text).toBe('perms also worked!');
    client.bearer = json.refresh;
    expect((await client.refresh('validate_refresh')).json).toEqual({ msg: 'Token is valid' });
    expect(await issuer.tokens.revokeUser(2)).toBeGreaterThan(0);
    expect((await client.refresh('validate_refresh')).json.code).toBe('token_revoked');
    client.bearer = json.access;
    await vi.waitFor(
      async () => {
        expect((await client.get('/testapp/protect')).json.code).toBe('token_revoked');
      },
      { timeout: 10_000 },
    );
    expect(test.takeEvents()).toEqual(['jwto.token_validated', 'jwto.token_validated']);
  });

  it('signs out', async () => {
    const { json } = await issuer.client().login();
    const client = test.client();
    client.bearer = json.refresh;
    expect((await client.refresh('logout')).json).toEqual({ msg: 'Token successfully blacklisted.' });
    client.bearer = json.access;
    expect((await client.get('/testapp/protect')).json.code).toBe('token_revoked');
  });
});

describe('a process with a public key only, in a cookie mode', () => {
  const csrfSecret = 'the-same-32-bytes-in-all-processes';

  it('needs the csrfSecret of the processes that issue', async () => {
    const options = { ...VERIFY_ONLY, mode: 'TWO-COOKIES' };
    expect((await refusalOf(options)).problems).toEqual([
      { setting: 'csrfSecret', got: 'nothing', accepts: expect.stringContaining('csrfSecret') },
    ]);
    expect(await wrongSettings({ ...options, csrfSecret })).toEqual([]);
    expect(await wrongSettings({ ...options, csrf: false })).toEqual([]);
    expect(await wrongSettings({ ...options, mode: 'JSON' })).toEqual([]);
  });

  it('accepts the CSRF tokens of the issuing process', async () => {
    const options = { mode: 'TWO-COOKIES', csrfSecret } as const;
    const issuer = await startApp({ options: { ...options, algorithm: 'ES256', signingKey: signing } });
    const test = await startApp({ options: { ...VERIFY_ONLY, ...options, dataSource: issuer.dataSource } });
    const client = issuer.client();
    await client.login();
    const other = test.client();
    for (const [name, cookie] of client.jar) other.jar.set(name, cookie);
    expect((await other.send('/testapp/protect', { headers: client.csrf() })).text).toBe('worked!');
    expect((await other.send('/testapp/protect')).json.code).toBe('csrf_missing');
    await test.close();
    await issuer.close();
  });
});
