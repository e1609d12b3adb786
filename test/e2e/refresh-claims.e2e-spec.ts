import { Controller, Get } from '@nestjs/common';
import { JwtPermRequired, JwtRefreshRequired, type ClaimsProvider, type JwtoModuleOptions } from 'jwto';
import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { startApp, type TestApp } from '../support/test-app.js';
import type { TestUser } from '../support/users.js';

const claims: JwtoModuleOptions['claims'] = {
  useValue: {
    claims: ({ username, email }: TestUser) => ({ tenant: `of-${username}`, theme: 'dark', user: { email } }),
  } as unknown as ClaimsProvider,
};

@Controller('renewal')
@JwtPermRequired(['perm1'])
class RenewalController {
  @Get()
  @JwtRefreshRequired()
  renew(): string {
    return 'renewed';
  }
}

describe.each(ADAPTERS)('with refreshClaims: false, on %s', (_name, adapter) => {
  let test: TestApp;
  afterEach(() => test.close());
  const start = async (options: object): Promise<void> => {
    test = await startApp({
      adapter,
      options: { claims, refreshClaims: false, iss: 'us', aud: 'them', ...options },
      metadata: { controllers: [RenewalController] },
    });
  };
  const payload = (token = ''): Record<string, unknown> => test.tokens.decode(token).payload;

  it('the refresh token has what the library needs, and the access token all', async () => {
    await start({});
    const { json } = await test.client().login('bob');
    expect(payload(json.access)).toMatchObject({
      tenant: 'of-bob',
      theme: 'dark',
      user: { id: 2, username: 'bob', perms: ['perm1'], email: 'bob@djwto.com' },
    });
    const [now, text] = [Math.floor(test.clock.now() / 1000), expect.any(String)];
    expect(payload(json.refresh)).toEqual({
      ...{ iss: 'us', aud: 'them', sub: '2', sid: text, jti: text, type: 'refresh' },
      ...{ iat: now, auth_time: now, exp: now + 86_400 },
      user: { id: 2, username: 'bob', perms: [] },
    });
  });

  it('every refresh gives access tokens with the claims and permissions of now', async () => {
    await start({});
    const client = test.client();
    let { refresh } = (await client.login('bob')).json;
    test.users.named('bob').perms = ['perm1', 'perm2'];
    for (const endpoint of ['refresh_access', 'update_refresh', 'refresh_access']) {
      test.clock.advance(20_000);
      client.bearer = refresh;
      const { status, json } = await client.refresh(endpoint);
      expect([status, payload(json.access)]).toMatchObject([
        200,
        { tenant: 'of-bob', user: { perms: ['perm1', 'perm2'], email: 'bob@djwto.com' } },
      ]);
      expect(payload(json.refresh)).toMatchObject({ user: { id: 2, username: 'bob', perms: [] } });
      expect(payload(json.refresh)).not.toHaveProperty('tenant');
      client.bearer = json.access;
      expect((await client.get('/testapp/perms_protect')).status).toBe(200);
      ({ refresh } = json);
    }
  });

  it('the claims that requiredClaims names stay, and hold', async () => {
    await start({ requiredClaims: ['tenant', 'user', 'sub'] });
    const client = test.client();
    const { json } = await client.login('bob');
    expect(payload(json.refresh)).toMatchObject({ tenant: 'of-bob', user: { id: 2, username: 'bob', perms: [] } });
    expect(payload(json.refresh)).not.toHaveProperty('theme');
    expect(payload(json.refresh)['user']).not.toHaveProperty('email');
    client.bearer = json.refresh;
    expect((await client.refresh('refresh_access')).status).toBe(200);
  });

  it('a permission that a route asks of a refresh token is not there', async () => {
    await start({});
    const client = test.client();
    client.bearer = (await client.login('bob')).json.refresh;
    expect((await client.get('/testapp/refresh_only')).status).toBe(200);
    expect((await client.get('/renewal')).json).toMatchObject({ statusCode: 403, code: 'permission_denied' });
  });
});
