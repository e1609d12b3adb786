import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { startApp, type TestApp } from '../support/test-app.js';

describe.each(ADAPTERS)('endpoints in JSON mode on %s', (_name, adapter) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ adapter });
  });
  afterAll(() => test.close());

  it('signs in, guards, refreshes and signs out', async () => {
    const client = test.client();
    const login = await client.login();
    expect(login.json).toEqual({ access: expect.any(String), refresh: expect.any(String) });
    expect(login.status).toBe(200);
    expect((await client.get('/testapp/protect')).text).toBe('worked!');
    client.bearer = login.json.refresh;
    const refreshed = await client.refresh('refresh_access');
    expect(refreshed.json).toEqual({ access: expect.any(String), refresh: expect.any(String) });
    const out = await client.refresh('logout');
    expect(out.json).toEqual({ msg: 'Token successfully blacklisted.' });
    expect(test.takeEvents()).toEqual(['jwto.logged_in', 'jwto.access_refreshed', 'jwto.blacklisted']);
    client.bearer = login.json.access;
    expect((await client.get('/testapp/protect')).json.code).toBe('token_revoked');
  });
});

describe.each(ADAPTERS)('endpoints in cookie mode on %s', (_name, adapter) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ adapter, options: { mode: 'TWO-COOKIES' }, setUp: (app) => app.setGlobalPrefix('x') });
  });
  afterAll(() => test.close());

  it('signs in', async () => {
    const client = test.client();
    const login = await client.send('/x/login', { json: { username: 'alice', password: 'pass' } });
    expect(login.json).toEqual({ msg: 'Tokens successfully created.' });
  });
});
