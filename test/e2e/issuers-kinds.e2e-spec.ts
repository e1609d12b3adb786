import type { TrustedIssuer } from 'jwto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { AUDIENCE, FakeIssuer } from '../support/fake-issuer.js';
import type { Members } from '../support/forge.js';
import { makeRsa } from '../support/keys.js';
import { expectRefusal } from '../support/refusals.js';
import { ringKey } from '../support/rings.js';
import { wrongSettings } from '../support/startup.js';
import { startApp, type TestApp } from '../support/test-app.js';

const key = ringKey('theirs', 'ES256');

describe.each(ADAPTERS)('what another issuer signs on %s', (_name, adapter) => {
  let issuer: FakeIssuer;
  let test: TestApp;
  beforeEach(async () => {
    issuer = await FakeIssuer.start(key);
  });
  afterEach(async () => {
    await test.close();
    await issuer.close();
  });
  async function start(trusted: Partial<TrustedIssuer> = {}): Promise<void> {
    test = await startApp({ adapter, options: { issuers: [issuer.trusted(trusted)] } });
  }
  const send = (token: string, path = '/testapp/protect') => {
    const client = test.client();
    client.bearer = token;
    return client.get(path);
  };
  async function expectRefused(token: string): Promise<void> {
    await expectRefusal(test, () => send(token), { status: 401, code: 'token_invalid' });
    await expect(test.tokens.verify(token)).rejects.toMatchObject({ code: 'token_invalid' });
  }

  const events = { 'http://schemas.openid.net/event/backchannel-logout': {} };
  it.each<[string, Members]>([
    ['a refresh token', { type: 'refresh' }],
    ['a token of a type of its own', { type: 'id' }],
    ['a type that is no text', { type: ['access'] }],
    ['a logout token', { events, sid: 'x' }],
    ['a security event', { events: null }],
    ['an ID token', { nonce: 'n', at_hash: 'x', azp: AUDIENCE }],
    ['an ID token of the hybrid flow', { nonce: 'n', c_hash: 'x' }],
  ])('as %s is no access token, also where its header says JWT', async (_what, claims) => {
    await start();
    for (const typ of ['JWT', 'at+jwt', undefined]) await expectRefused(issuer.token(claims, { typ }));
  });

  it.each<[string, Members]>([
    ['type access', { type: 'access' }],
    ['a nonce alone', { nonce: 'n' }],
    ['at_hash alone', { at_hash: 'x' }],
  ])('with %s is an access token', async (_what, claims) => {
    await start();
    for (const typ of ['JWT', 'at+jwt', undefined]) {
      expect((await send(issuer.token(claims, { typ }))).text).toBe('worked!');
    }
  });

  it('must say at+jwt in its header where the settings demand it (RFC 9068 §4)', async () => {
    await start({ headerType: 'at+jwt' });
    for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt']) {
      expect((await send(issuer.token({}, { typ }))).text).toBe('worked!');
    }
    for (const typ of ['JWT', 'jwt', undefined, null, '', 'refresh+jwt', 'application/jwt', ['at+jwt']]) {
      await expectRefused(issuer.token({}, { typ }));
    }
  });

  // What is right with our own tokens alone: they are of a system that is being left.
  it('is checked whatever checks of our own tokens are switched off', async () => {
    const off = { exp: false, nbf: false, iat: false, jti: false, sub: false, iss: false, aud: false };
    test = await startApp({ adapter, options: { issuers: [issuer.trusted()], checks: off } });
    const now = Math.floor(test.clock.now() / 1000);
    const late = issuer.token({ exp: now - 31_536_000 });
    await expectRefusal(test, () => send(late), { status: 401, code: 'token_expired' });
    for (const early of [{ nbf: now + 86_400 }, { iat: now + 3600 }]) {
      const token = issuer.token({ ...early, exp: now + 99_999 });
      await expectRefusal(test, () => send(token), { status: 401, code: 'token_not_yet_valid' });
    }
    for (const claims of [{ aud: 'x' }, { sub: undefined }]) await expectRefused(issuer.token(claims));
    const good = issuer.token({ exp: now + 9 });
    expect((await send(good)).text).toBe('worked!');
    test.clock.advance(10);
    await expectRefusal(test, () => send(good), { status: 401, code: 'token_expired' });
    const own = await test.tokens.issue(test.users.named('bob'));
    test.clock.advance(86_400);
    expect((await send(own.access)).text).toBe('worked!');
  });

  it('is signed by a key that is long enough, however short ours may be', async () => {
    const weak = { ...ringKey('weak', 'RS256'), signingKey: makeRsa(1024).signing };
    issuer.jwks = [FakeIssuer.jwk(weak)];
    const trusted = issuer.trusted({ algorithms: ['RS256'] });
    test = await startApp({ adapter, options: { issuers: [trusted], enforceMinimumKeyLength: false } });
    await expectRefused(issuer.token({}, {}, weak));
  });
});

describe.each(ADAPTERS)('the tokens of another application with jwto on %s', (_name, adapter) => {
  it('are accepted if they are access tokens; its refresh tokens are not, before and after the log-out', async () => {
    const other = await startApp({
      adapter,
      options: { algorithm: 'ES256', signingKey: key.signingKey, iss: 'https://a.example', aud: ['a', AUDIENCE] },
    });
    const trusted: TrustedIssuer = {
      issuer: 'https://a.example',
      audience: AUDIENCE,
      algorithms: ['ES256'],
      jwksUri: `${other.url}/.well-known/jwks.json`,
    };
    const test = await startApp({ adapter, options: { issuers: [trusted] } });
    const client = other.client();
    const { access = '', refresh = '' } = (await client.login()).json;
    const visitor = test.client();
    visitor.bearer = access;
    expect((await visitor.get('/testapp/protect')).text).toBe('worked!');
    visitor.bearer = refresh;
    for (const path of ['/testapp/protect', '/testapp/refresh_only']) {
      await expectRefusal(test, () => visitor.get(path), { status: 401, code: 'token_invalid' });
    }
    client.bearer = refresh;
    await client.refresh('logout');
    await expectRefusal(test, () => visitor.get('/testapp/protect'), { status: 401, code: 'token_invalid' });
    await test.close();
    await other.close();
  });
});

describe('the type that an issuer must write', () => {
  it('is JWT or at+jwt', async () => {
    const issuer = { issuer: 'https://a.example', audience: 'b', jwksUri: 'https://a.example/jwks' };
    for (const headerType of ['JWT', 'at+jwt', undefined]) {
      expect(await wrongSettings({ issuers: [{ ...issuer, headerType }] })).toEqual([]);
    }
    for (const headerType of ['', 'jwt', 'refresh+jwt', true, null]) {
      expect(await wrongSettings({ issuers: [{ ...issuer, headerType }] })).toEqual(['issuers']);
    }
  });
});
