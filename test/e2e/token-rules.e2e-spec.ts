import type { ClaimsProvider, JwtoModuleOptions, TokenChecks } from 'jwto';
import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { forge, HEADER, without, type Members } from '../support/forge.js';
import { TokenAttack } from '../support/token-attack.js';

describe.each(ADAPTERS)('rules of tokens on %s', (_name, adapter) => {
  let attack: TokenAttack;
  afterEach(() => attack.test.close());
  async function start(options: Partial<JwtoModuleOptions>): Promise<void> {
    attack = await TokenAttack.start({ adapter, options });
  }
  const access = (changes: Members, header: object = HEADER): string => forge({ ...attack.claims, ...changes }, header);
  const refresh = (changes: Members, header: object = HEADER): string =>
    forge({ ...attack.refreshClaims, ...changes }, header);
  const typed = (typ: unknown): object => ({ alg: 'HS256', typ });
  const seconds = (): number => Math.floor(attack.test.clock.now() / 1000);

  it('headerType at+jwt writes at+jwt and refresh+jwt, and takes nothing else', async () => {
    await start({ headerType: 'at+jwt' });
    const headers = [attack.access, attack.refresh].map((token) => attack.test.tokens.decode(token).header);
    expect(headers).toEqual([typed('at+jwt'), typed('refresh+jwt')]);
    for (const typ of ['at+jwt', 'AT+JWT', 'application/at+jwt', undefined])
      await attack.expectGood(access({}, typed(typ)));
    for (const typ of ['refresh+jwt', 'application/refresh+jwt', undefined]) {
      await attack.expectGood(refresh({}, typed(typ)), 'refresh');
    }
    const strange = [
      'JWT',
      'jwt',
      '',
      'at',
      'at+jwt ',
      'id+jwt',
      'text/at+jwt',
      'application/application/at+jwt',
      null,
      7,
      ['at+jwt'],
    ];
    for (const typ of strange) {
      await attack.expectBad(access({}, typed(typ)));
      await attack.expectBadRefresh(refresh({}, typed(typ)));
    }
    await attack.expectBad(access({}, typed('refresh+jwt')));
    await attack.expectBadRefresh(refresh({}, typed('at+jwt')));
    // A header that fits the claim `type` and not the place.
    await attack.expectRefused(refresh({}, typed('refresh+jwt')), 'access', 'token_wrong_type');
    await attack.expectRefused(access({}, typed('at+jwt')), 'refresh', 'token_wrong_type');
  });

  it('headerType JWT takes none of the others', async () => {
    await start({ headerType: 'JWT' });
    expect(attack.test.tokens.decode(attack.access).header).toEqual(HEADER);
    for (const typ of ['JWT', 'jwt', 'application/jwt', undefined]) await attack.expectGood(access({}, typed(typ)));
    for (const typ of ['at+jwt', 'refresh+jwt']) {
      await attack.expectBad(access({}, typed(typ)));
      await attack.expectBadRefresh(refresh({}, typed(typ)));
    }
  });

  it.each<['iss' | 'aud', Partial<JwtoModuleOptions>]>([
    ['iss', { iss: 'https://us', acceptedIssuers: ['https://before', 'ISSUER'] }],
    ['aud', { aud: 'https://us', acceptedAudiences: ['https://before', 'ISSUER'] }],
  ])('accepted values of %s are accepted beside our own, which is written', async (name, options) => {
    await start(options);
    expect(attack.claims[name]).toBe('https://us');
    for (const value of ['https://us', 'https://before', 'ISSUER']) {
      await attack.expectGood(access({ [name]: value }));
      await attack.expectGood(refresh({ [name]: value }), 'refresh');
    }
    for (const value of ['https://us/', 'https://US', 'issuer', '', undefined, null, 7, {}, ['https://other'], [7]]) {
      await attack.expectBad(access({ [name]: value }));
      await attack.expectBadRefresh(refresh({ [name]: value }));
    }
    const list = access({ [name]: ['x', 'https://before'] });
    await (name === 'aud' ? attack.expectGood(list) : attack.expectBad(list));
  });

  it('strictAudience takes the one audience as text only', async () => {
    await start({ aud: 'https://us', strictAudience: true });
    await attack.expectGood(attack.access);
    await attack.expectGood(attack.refresh, 'refresh');
    for (const aud of [['https://us'], ['https://us', 'x'], ['https://us', 'https://us'], 'x', undefined, []]) {
      await attack.expectBad(access({ aud }));
      await attack.expectBadRefresh(refresh({ aud }));
    }
  });

  it('requiredClaims are there and not null; their value does not matter', async () => {
    await start({
      requiredClaims: ['tenant'],
      claims: { useValue: { claims: () => ({ tenant: 'a' }) } as unknown as ClaimsProvider },
    });
    await attack.expectGood(attack.access);
    await attack.expectGood(attack.refresh, 'refresh');
    for (const tenant of ['', 0, false, [], {}]) await attack.expectGood(access({ tenant }));
    for (const tenant of [null, undefined]) {
      await attack.expectBad(access({ tenant }));
      await attack.expectBadRefresh(refresh({ tenant }));
    }
    await attack.expectBad(forge(without(attack.claims, 'tenant')));
  });

  it('requiredClaims are the own ones of a token', async () => {
    await start({
      requiredClaims: ['constructor'],
      claims: { useValue: { claims: () => ({ constructor: 1 }) } as unknown as ClaimsProvider },
    });
    await attack.expectGood(attack.access);
    await attack.expectBad(access({ constructor: undefined }));
    await attack.expectBadRefresh(refresh({ constructor: undefined }));
  });

  it('leeway is for exp and nbf, to the second, also of known tokens', async () => {
    await start({ leeway: 10 });
    attack.test.clock.time = seconds() * 1000;
    const token = access({ exp: seconds() + 5 });
    await attack.expectGood(token);
    attack.test.clock.advance(14.999);
    await attack.expectGood(token);
    attack.test.clock.advance(0.001);
    await attack.expectRefused(token, 'access', 'token_expired');
    await attack.expectGood(access({ nbf: seconds() + 10, exp: seconds() + 99 }));
    await attack.expectRefused(access({ nbf: seconds() + 11, exp: seconds() + 99 }), 'access', 'token_not_yet_valid');
  });

  /** For each check the claims that nothing but it refuses, and how. */
  const checked = (now: number): Record<keyof TokenChecks, [Members, string]> => ({
    exp: [{ exp: now - 100 }, 'token_expired'],
    nbf: [{ nbf: now + 100 }, 'token_not_yet_valid'],
    iat: [{ iat: now + 100 }, 'token_not_yet_valid'],
    jti: [{ jti: undefined }, 'token_invalid'],
    sub: [{ sub: 'somebody else' }, 'token_invalid'],
    iss: [{ iss: 'https://other' }, 'token_invalid'],
    aud: [{ aud: ['https://other'] }, 'token_invalid'],
  });
  const names = ['exp', 'nbf', 'iat', 'jti', 'sub', 'iss', 'aud'] as const;

  it.each([undefined, ...names])('checks can be switched off one by one: %s', async (off) => {
    await start({ iss: 'https://us', aud: 'us', ...(off && { checks: { [off]: false } }) });
    const code = async (changes: Members): Promise<unknown> =>
      (await attack.send(access(changes), 'GET /testapp/protect')).json.code ?? 'ok';
    const found: Record<string, unknown> = {};
    const expected: Record<string, unknown> = {};
    for (const [name, [changes, refusal]] of Object.entries(checked(seconds()))) {
      found[name] = await code(changes);
      expected[name] = name === off ? 'ok' : refusal;
    }
    expect(found).toEqual(expected);
    // What is off is not looked at; a claim of the wrong type stays wrong, and the rest is there.
    for (const wrong of [
      { exp: 'soon' },
      { exp: undefined },
      { nbf: 'x' },
      { iat: 'x' },
      { sid: '' },
      { user: null },
    ]) {
      expect(await code(wrong), JSON.stringify(wrong)).toBe('token_invalid');
    }
    expect(await code({})).toBe('ok');
  });

  it('checks that are switched off switch no revocation off', async () => {
    const checks = Object.fromEntries(names.map((name) => [name, false]));
    await start({ checks });
    const token = access({ exp: seconds() - 100, sub: 'x' });
    await attack.expectGood(token);
    await attack.test.tokens.revokeSession(String(attack.claims['sid']));
    attack.test.takeEvents();
    await attack.expectRefused(token, 'access', 'token_revoked');
    await attack.expectBad(`${token.slice(0, -8)}AAAAAAAA`);
  });
});
