import { createPublicKey, createSecretKey } from 'node:crypto';
import type { Algorithm } from 'jwto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { AUDIENCE, FakeIssuer } from '../support/fake-issuer.js';
import { segment, type Members } from '../support/forge.js';
import { jwkOf, makeRsa, pemOf } from '../support/keys.js';
import { expectRefusal } from '../support/refusals.js';
import { ringKey, signAs } from '../support/rings.js';
import { TokenAttack } from '../support/token-attack.js';

const ALGORITHMS: Algorithm[] = ['RS256', 'ES256', 'EdDSA'];
const CASES = ADAPTERS.flatMap(([name, adapter]) => ALGORITHMS.map((algorithm) => [algorithm, name, adapter] as const));

describe.each(CASES)('another issuer with %s on %s', (algorithm, _name, adapter) => {
  const key = ringKey('theirs', algorithm);
  // The tests have one RSA key for all.
  const stranger = {
    ...ringKey('mine', algorithm),
    ...(algorithm === 'RS256' && { signingKey: makeRsa(2048).signing }),
  };
  let issuer: FakeIssuer;
  let attack: TokenAttack;
  beforeAll(async () => {
    issuer = await FakeIssuer.start(key);
    attack = await TokenAttack.start({ adapter, options: { issuers: [issuer.trusted()] } });
  });
  afterAll(async () => {
    await attack.test.close();
    await issuer.close();
  });

  it.each<[string, Members]>([
    ['at+jwt', { typ: 'at+jwt' }],
    ['application/at+jwt', { typ: 'application/at+jwt' }],
    ['JWT', { typ: 'JWT' }],
    ['no type', { typ: undefined }],
    ['no kid, as there is one key', { kid: undefined }],
  ])('has its tokens accepted with %s', async (_what, header) => {
    await attack.expectGood(issuer.token({}, header));
    expect((await attack.send(issuer.token({}, header), 'POST /testapp/protect')).text).toBe('worked!');
  });

  it('speaks of nobody whom the application knows, and gives no permission', async () => {
    const token = issuer.token({
      sub: '3',
      scope: 'perm1 perm2',
      perms: ['perm1'],
      user: { id: 3, username: 'admin', perms: ['perm1'] },
      sid: attack.claims['sid'],
      jti: attack.claims['jti'],
      type: 'access',
      refresh_iat: 7,
      nested: { perms: ['perm1'] },
    });
    const name = `${issuer.url}|3`;
    const user = { id: name, username: name, perms: [] };
    const { json } = await attack.send(token, 'GET /testapp/claims');
    const { exp, iat } = attack.test.tokens.decode(token).payload;
    const foreign = { ...issuer.claims({ sub: '3', iat, exp }), jti: attack.claims['jti'] };
    expect(json).toEqual({ sub: name, exp, sid: '', type: 'access', user, foreign });
    expect((await attack.send(token, 'GET /testapp/user')).json).toEqual({ user, username: name });
    await expectRefusal(attack.test, () => attack.send(token, 'GET /testapp/perms_protect'), {
      status: 403,
      code: 'permission_denied',
      error: 'Invalid permissions for jwt token.',
    });
    expect(await attack.test.tokens.verify(token)).toMatchObject({ sid: '', user });
  });

  it.each<[string, Members]>([
    ['another audience', { aud: 'https://other.example' }],
    ['a list without ours', { aud: ['https://other.example', `${AUDIENCE}/`] }],
    ['a list with ours and a number', { aud: [AUDIENCE, 7] }],
    ['no audience', { aud: undefined }],
    ['an audience in another case', { aud: AUDIENCE.toUpperCase() }],
    ['no iss', { iss: undefined }],
    ['an unknown iss', { iss: 'https://other.example' }],
    ['a list as iss', { iss: ['x'] }],
    ['no sub', { sub: undefined }],
    ['an empty sub', { sub: '' }],
    ['a number as sub', { sub: 1 }],
    ['no exp', { exp: undefined }],
    ['text as exp', { exp: '9999999999' }],
    ['a far exp', { exp: 1e15 }],
    ['text as nbf', { nbf: '0' }],
    ['text as iat', { iat: '0' }],
  ])('has a token refused with %s', async (_what, claims) => {
    await attack.expectBad(issuer.token(claims));
  });

  it('has a token from a clock that is far ahead refused until it is its time', async () => {
    const iat = Math.floor(attack.test.clock.now() / 1000) + 61;
    await attack.expectRefused(issuer.token({ iat, exp: iat + 300 }), 'access', 'token_not_yet_valid');
  });

  it('binds iss to its own keys and address, with no slash more or less', async () => {
    for (const iss of [
      `${issuer.url}/`,
      issuer.url.replace('http', 'HTTP'),
      issuer.url.replace('127.0.0.1', 'localhost'),
    ]) {
      await attack.expectBad(issuer.token({ iss }));
    }
  });

  it('has expired tokens, and those not yet valid, refused by their names, also known ones', async () => {
    const now = Math.floor(attack.test.clock.now() / 1000);
    await attack.expectRefused(issuer.token({ exp: now }), 'access', 'token_expired');
    await attack.expectRefused(issuer.token({ nbf: now + 1 }), 'access', 'token_not_yet_valid');
    const token = issuer.token({ exp: now + 10 });
    for (let time = 0; time < 3; time++) await attack.expectGood(token);
    attack.test.clock.advance(11);
    await attack.expectRefused(token, 'access', 'token_expired');
    attack.test.clock.advance(-11);
  });

  it.each<[string, Members]>([
    ['refresh+jwt', { typ: 'refresh+jwt' }],
    ['an ID token of logout', { typ: 'logout+jwt' }],
    ['a number', { typ: 7 }],
    ['crit', { crit: ['exp'], exp: 1 }],
    ['b64', { b64: true }],
    ['an unknown kid', { kid: 'other' }],
    ['no text as kid', { kid: ['theirs'] }],
  ])('has a token refused whose header has %s', async (_what, header) => {
    await attack.expectBad(issuer.token({}, header));
  });

  it('has no other key and no other algorithm believed', async () => {
    await attack.expectBad(issuer.token({}, { kid: 'theirs' }, stranger));
    await attack.expectBad(issuer.token({}, { kid: undefined }, stranger));
    for (const alg of ['none', 'HS256', 'RS384', 'PS256', 'ES384', 'Ed448', 'toString', '']) {
      await attack.expectBad(issuer.token({}, { alg }));
    }
    await attack.expectBad(
      `${segment({ alg: 'none', kid: 'theirs' })}.${segment(issuer.claims())}.`,
      'token_malformed',
    );
    const open = createPublicKey(key.signingKey);
    for (const secret of [
      pemOf(open),
      pemOf(open).trim(),
      JSON.stringify(jwkOf(open)),
      JSON.stringify(issuer.jwks[0]),
    ]) {
      for (const kid of ['theirs', undefined]) {
        await attack.expectBad(signAs(issuer.claims(), { alg: 'HS256', kid }, createSecretKey(secret, 'utf8')));
      }
    }
  });

  it('is asked for its keys where the settings say, whatever a token says', async () => {
    const other = await FakeIssuer.start(key);
    const jwk = FakeIssuer.jwk(stranger);
    other.jwks = [jwk, { ...jwk, kid: 'theirs' }];
    const addresses = { jku: `${other.url}/jwks`, x5u: `${other.url}/x5u`, jwk, x5c: ['MIIB'] };
    for (const kid of ['mine', 'theirs', `${other.url}/jwks`]) {
      for (const iss of [issuer.url, other.url]) {
        await attack.expectBad(issuer.token({ iss }, { kid, ...addresses }, stranger));
      }
    }
    expect([other.fetches, other.strays]).toEqual([0, []]);
    await other.close();
  });

  it('has none of our tokens signed: ours are still ours alone', async () => {
    await attack.expectGood(attack.access);
    for (const claims of [attack.claims, { ...attack.claims, iss: issuer.url, aud: AUDIENCE, type: 'refresh' }]) {
      const token = signAs(claims, { alg: algorithm, kid: 'theirs' }, key.signingKey, algorithm);
      if ('iss' in claims) await attack.expectBadRefresh(token);
      else await attack.expectBad(token);
    }
  });

  it('is asked once for all of this, and nowhere else', () => {
    expect(issuer.fetches).toBeLessThanOrEqual(2);
    expect(issuer.strays).toEqual([]);
  });
});
