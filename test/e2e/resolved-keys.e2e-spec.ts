import { createSecretKey, randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { ClaimsProvider, KeyResolver, ResolvedKey, UnverifiedToken } from 'jwto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Members } from '../support/forge.js';
import { expectRefusal } from '../support/refusals.js';
import { formerKey, ringKey, signAs } from '../support/rings.js';
import { TokenAttack } from '../support/token-attack.js';
import type { TestUser } from '../support/users.js';

const HEADER = { alg: 'HS256', typ: 'JWT' };
/** `admin` is of tenant A, `bob` of tenant B, and `alice` of none. */
const TENANTS: Record<string, string> = { admin: 'a', bob: 'b' };
const claims = {
  useValue: { claims: ({ username }: TestUser) => ({ tenant: TENANTS[username] }) } as unknown as ClaimsProvider,
};

describe.each(ADAPTERS)('keys of tenants on %s', (_name, adapter) => {
  let secrets: Record<string, string>;
  let resolve: KeyResolver;
  let seen: UnverifiedToken[];
  let attack: TokenAttack;
  const byTenant: KeyResolver = ({ unverifiedClaims: { tenant } }) => {
    const secret = typeof tenant === 'string' && Object.hasOwn(secrets, tenant) ? secrets[tenant] : undefined;
    return secret === undefined ? undefined : { key: { algorithm: 'HS256', signingKey: secret }, claims: { tenant } };
  };

  beforeEach(async () => {
    secrets = { a: randomBytes(32).toString('base64url'), b: randomBytes(32).toString('base64url') };
    resolve = byTenant;
    seen = [];
    attack = await TokenAttack.start({
      adapter,
      options: {
        claims,
        mode: ['JSON', 'TWO-COOKIES'],
        resolveKey: (token) => {
          seen.push(token);
          return resolve(token);
        },
      },
    });
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await attack.test.close();
  });
  const signed = (payload: Members, tenant: string): string =>
    signAs(payload, HEADER, createSecretKey(secrets[tenant] ?? '', 'utf8'));
  async function tokensOf(username: string) {
    const { json } = await attack.test.client().login(username);
    return { access: json.access ?? '', refresh: json.refresh ?? '' };
  }

  it('sign and verify the tokens of each', async () => {
    expect(signed(attack.claims, 'a')).toBe(attack.access);
    expect(signed(attack.refreshClaims, 'a')).toBe(attack.refresh);
    await attack.expectGood(attack.access);
    await attack.expectGood(attack.refresh, 'refresh');
    const bob = await tokensOf('bob');
    await attack.expectGood(bob.access);
    // Whoever has no key of his own has the application's.
    await attack.expectGood((await tokensOf('alice')).access);
  });

  it('never speak for another tenant', async () => {
    const bob = attack.test.tokens.decode((await tokensOf('bob')).access).payload;
    for (const payload of [{ ...attack.claims, tenant: 'b' }, bob, { ...attack.claims, tenant: undefined }]) {
      await attack.expectBad(signed(payload, 'a'));
    }
    for (const tenant of [['a'], { a: 'a' }, 'A', 'a ', null, 0, 'constructor']) {
      await attack.expectBad(signed({ ...attack.claims, tenant }, 'a'));
    }
    await attack.expectBadRefresh(signed({ ...attack.refreshClaims, tenant: 'b' }, 'a'));
    // And the application's own key speaks for none that has one.
    const { signingKey } = formerKey();
    await attack.expectBad(signAs(attack.claims, HEADER, signingKey));
    await attack.expectGood(signAs({ ...attack.claims, tenant: undefined }, HEADER, signingKey));
  });

  it('never speak for another tenant whose key is chosen by the header', async () => {
    resolve = ({ unverifiedHeader: { kid } }) => {
      const secret = secrets[String(kid)];
      return secret === undefined
        ? undefined
        : { key: { algorithm: 'HS256', signingKey: secret }, claims: { tenant: kid } };
    };
    const by = (tenant: string, kid: string): string =>
      signAs({ ...attack.claims, tenant }, { ...HEADER, kid }, createSecretKey(secrets['a'] ?? '', 'utf8'));
    await attack.expectGood(by('a', 'a'));
    await attack.expectBad(by('b', 'a'));
    await attack.expectBad(by('a', 'b'));
    await attack.expectBad(by('b', 'b'));
  });

  it('end the tokens of one with his key, also the known ones, and of nobody else', async () => {
    const bob = await tokensOf('bob');
    for (let time = 0; time < 3; time++) {
      await attack.expectGood(attack.access);
      await attack.expectGood(bob.access);
    }
    secrets['a'] = randomBytes(32).toString('base64url');
    await attack.expectBad(attack.access);
    await attack.expectBadRefresh(attack.refresh);
    await attack.expectGood(bob.access);
    await attack.expectGood(bob.refresh, 'refresh');
    const { access } = await tokensOf('alice');
    await attack.expectGood(access);
    const again = await attack.test.client().login('admin', 'abc123');
    await attack.expectGood(again.json.access ?? '');
    delete secrets['a'];
    await attack.expectBad(again.json.access ?? '');
  });

  it('are good for every way of a session, in headers and in cookies', async () => {
    const client = attack.test.client();
    client.bearer = attack.refresh;
    const refreshed = await client.refresh('update_refresh');
    await attack.expectGood(refreshed.json.access ?? '');
    client.bearer = refreshed.json.refresh;
    expect((await client.refresh('logout')).json).toEqual({ msg: 'Token successfully blacklisted.' });
    await attack.expectRefused(refreshed.json.access ?? '', 'access', 'token_revoked');

    const browser = attack.test.client();
    await browser.login('bob', 'pass', { mode: 'TWO-COOKIES' });
    const csrf = browser.csrf();
    expect((await browser.send('/testapp/protect', { headers: csrf })).text).toBe('worked!');
    expect((await browser.send('/testapp/protect')).json.code).toBe('csrf_missing');
    expect((await browser.refresh('refresh_access')).json).toEqual({ msg: 'Access token successfully refreshed.' });
    expect(browser.csrf()).toEqual(csrf);
    expect((await browser.send('/testapp/protect', { headers: csrf })).text).toBe('worked!');
    expect((await browser.refresh('logout')).json).toEqual({ msg: 'Token successfully blacklisted.' });
  });

  it('are chosen by what a token says of itself, forged ones too', async () => {
    seen.length = 0;
    await attack.expectBad(signAs({ tenant: 'x', y: 1 }, { ...HEADER, kid: 'z' }, ringKey('').signingKey));
    expect(seen.length).toBeGreaterThan(0);
    for (const token of seen) {
      expect(token).toEqual({ unverifiedHeader: { ...HEADER, kid: 'z' }, unverifiedClaims: { tenant: 'x', y: 1 } });
    }
    seen.length = 0;
    await attack.expectBad('a.b.c', 'token_malformed');
    expect(seen).toEqual([]);
  });

  const secret = randomBytes(24).toString('base64url');
  const good = { algorithm: 'HS256', signingKey: `${secret}-and-more` };
  const bad: [string, unknown][] = [
    ['throws', new Error('the vault is sealed')],
    ['rejects', 'rejection'],
    ['gives null', null],
    ['gives a bare key', good],
    ['gives no key', { claims: { tenant: 'a' } }],
    ['gives an empty key', { key: {}, claims: { tenant: 'a' } }],
    ['gives a short secret', { key: { algorithm: 'HS256', signingKey: secret.slice(0, 20) }, claims: { tenant: 'a' } }],
    [
      'gives a key of another kind',
      { key: { algorithm: 'ES256', signingKey: good.signingKey }, claims: { tenant: 'a' } },
    ],
    ['gives an unknown algorithm', { key: { ...good, algorithm: 'none' }, claims: { tenant: 'a' } }],
    ['gives no algorithm', { key: { signingKey: good.signingKey }, claims: { tenant: 'a' } }],
    ['gives bad times', { key: { ...good, expiresAt: secret }, claims: { tenant: 'a' } }],
    ['gives no claims', { key: good }],
    ['gives null as claims', { key: good, claims: null }],
    ['gives empty claims', { key: good, claims: {} }],
    ['gives claims that say nothing', { key: good, claims: { user: {} } }],
    ['gives claims that say nothing, deeper', { key: good, claims: { user: { at: {} } } }],
  ];
  it.each(bad)('are unavailable where the function %s: 503, and no key in the log', async (_what, given) => {
    const error = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    for (let time = 0; time < 3; time++) await attack.expectGood(attack.access);
    resolve = () => {
      if (given instanceof Error) throw given;
      if (given === 'rejection') return Promise.reject(new Error('the vault is sealed'));
      return given as ResolvedKey;
    };
    const requests = [
      () => attack.send(attack.access, 'GET /testapp/protect'),
      () => attack.send(attack.refresh, 'POST /api/token/refresh/refresh_access/'),
      () => attack.send(attack.refresh, 'POST /api/token/refresh/logout/'),
    ];
    for (const send of requests) {
      const answer = await expectRefusal(attack.test, send, { status: 503, code: 'store_unavailable' });
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    await expectRefusal(attack.test, () => attack.test.client().login('bob'), {
      status: 503,
      code: 'store_unavailable',
      events: ['jwto.login_failed'],
    });
    expect(error).toHaveBeenCalled();
    expect(error.mock.calls.flat().map(String).join()).not.toContain(secret.slice(0, 12));
    resolve = byTenant;
    await attack.expectGood(attack.access);
  });
});
