import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { forge, HEADER, without, type Members } from '../support/forge.js';
import { expectRefusal } from '../support/refusals.js';
import { TokenAttack } from '../support/token-attack.js';

/** Infinity, as only JSON text can say it. */
const INFINITY = '1e400';
const NO_TIME = [null, '9999999999', true, [], [9_999_999_999], {}, -1, Date.now() * 1000];
const NO_ID = [null, '', 1, true, [], ['x'], {}];
const NO_TYPE = [null, '', 'ACCESS', 'Access', 'acces', 'access ', 'id', 1, true, ['access'], { access: true }];

/** A JSON text in which one member is not what `JSON.stringify` could write. */
function withText(claims: Members, name: string, text: string): string {
  return JSON.stringify({ ...claims, [name]: 'HERE' }).replace('"HERE"', text);
}

const cases = (values: readonly unknown[]): [string, unknown][] =>
  values.map((value) => [JSON.stringify(value), value]);

describe.each(ADAPTERS)('well-signed tokens with wrong claims on %s', (_name, adapter) => {
  let attack: TokenAttack;
  beforeAll(async () => {
    attack = await TokenAttack.start({ adapter });
  });
  afterAll(() => attack.test.close());

  it('accepts the tokens that the wrong ones are made from', async () => {
    await attack.expectGood(forge(attack.claims));
    await attack.expectGood(forge(attack.refreshClaims), 'refresh');
  });

  describe.each(['exp', 'iat'])('whose %s', (name) => {
    it('is missing are refused', async () => {
      await attack.expectBad(forge(without(attack.claims, name)));
      await attack.expectBadRefresh(forge(without(attack.refreshClaims, name)));
    });
    it.each(cases(NO_TIME))('is %s are refused', async (_text, value) => {
      await attack.expectBad(forge({ ...attack.claims, [name]: value }));
      await attack.expectBadRefresh(forge({ ...attack.refreshClaims, [name]: value }));
    });
    it('is infinite are refused', async () => {
      await attack.expectBad(forge(withText(attack.claims, name, INFINITY)));
      await attack.expectBadRefresh(forge(withText(attack.refreshClaims, name, INFINITY)));
    });
  });

  it.each(cases(NO_TIME))('refuses an nbf of %s', async (_text, value) => {
    await attack.expectBad(forge({ ...attack.claims, nbf: value }));
  });

  describe.each(['jti', 'sid'])('whose %s', (name) => {
    it('is missing are refused', async () => {
      await attack.expectBad(forge(without(attack.claims, name)));
      await attack.expectBadRefresh(forge(without(attack.refreshClaims, name)));
    });
    it.each(cases(NO_ID))('is %s are refused', async (_text, value) => {
      await attack.expectBad(forge({ ...attack.claims, [name]: value }));
      await attack.expectBadRefresh(forge({ ...attack.refreshClaims, [name]: value }));
    });
    it.each([
      ['a NUL', '"a\\u0000b"'],
      ['half of a surrogate pair', '"a\\ud800b"'],
      ['3000 characters', JSON.stringify('x'.repeat(3000))],
      ['SQL', JSON.stringify("' OR 1=1 --")],
    ])('has %s are of no session, and no error of the server', async (_text, text) => {
      const refresh = forge(withText(attack.refreshClaims, name, text));
      if (name === 'sid') await attack.expectRefused(refresh, 'refresh', 'token_revoked');
      const access = await attack.send(forge(withText(attack.claims, name, text)), 'GET /testapp/protect');
      expect(access.status).toBeLessThan(500);
    });
  });

  it.each(cases(NO_TYPE))('refuses the type %s', async (_text, value) => {
    await attack.expectBad(forge({ ...attack.claims, type: value }));
    await attack.expectBadRefresh(forge({ ...attack.refreshClaims, type: value }));
  });

  it.each(cases([null, '', 'id', 'username and id', 1, true, [], ['id', 'username']]))(
    'refuses a user of %s',
    async (_text, value) => {
      await attack.expectBad(forge({ ...attack.claims, user: value }));
      await attack.expectBadRefresh(forge({ ...attack.refreshClaims, user: value }));
    },
  );

  it.each(cases([null, '', true, [], [3], {}, { toString: '3' }, 4, '4']))(
    'refuses a user.id of %s',
    async (_text, id) => {
      const user = { ...(attack.claims['user'] as Members), id };
      await attack.expectBad(forge({ ...attack.claims, user }));
      await attack.expectBadRefresh(forge({ ...attack.refreshClaims, user }));
    },
  );

  it.each(cases([null, '', 3, true, [], ['3'], {}, '4', '03', ' 3', '3 ']))(
    'refuses a sub of %s',
    async (_text, sub) => {
      await attack.expectBad(forge({ ...attack.claims, sub }));
      await attack.expectBadRefresh(forge({ ...attack.refreshClaims, sub }));
    },
  );

  it.each(['type', 'user', 'sub'])('refuses a token without %s', async (name) => {
    await attack.expectBad(forge(without(attack.claims, name)));
    await attack.expectBadRefresh(forge(without(attack.refreshClaims, name)));
  });

  it('refuses a user without an id', async () => {
    const user = without(attack.claims['user'] as Members, 'id');
    await attack.expectBad(forge({ ...attack.claims, user }));
  });

  it.each(cases(['perm1', 'perm1 perm2', null, 1, true, {}, { perm1: true }, [1], ['perm1', 1], [['perm1']], []]))(
    'takes perms of %s for none',
    async (_text, perms) => {
      const token = forge({ ...attack.claims, user: { ...(attack.claims['user'] as Members), perms } });
      await expectRefusal(attack.test, () => attack.send(token, 'GET /testapp/perms_protect'), {
        status: 403,
        code: 'permission_denied',
        error: 'Invalid permissions for jwt token.',
      });
    },
  );

  it('takes a missing perms for none, and another permission for an insufficient one', async () => {
    const user = attack.claims['user'] as Members;
    const none = forge({ ...attack.claims, user: without(user, 'perms') });
    const other = forge({ ...attack.claims, user: { ...user, perms: ['perm11', 'Perm1', 'perm1 '] } });
    const refusal = { status: 403, code: 'permission_denied' } as const;
    await expectRefusal(attack.test, () => attack.send(none, 'GET /testapp/perms_protect'), {
      ...refusal,
      error: 'Invalid permissions for jwt token.',
    });
    await expectRefusal(attack.test, () => attack.send(other, 'GET /testapp/perms_protect'), {
      ...refusal,
      error: 'Insufficient Permissions.',
    });
  });

  it.each([
    ['at the top', '"__proto__":{"user":{"id":3,"username":"admin","perms":["perm1"]},"polluted":1},'],
    ['twice', '"__proto__":{"polluted":1},"__proto__":{"polluted":2},'],
  ])('lets a __proto__ %s do nothing', async (_where, member) => {
    const token = forge(`{${member}${JSON.stringify(attack.claims).slice(1)}`);
    const answer = await attack.send(token, 'GET /testapp/claims');
    expect(answer.json).toEqual(attack.claims);
    expect(answer.text).not.toContain('__proto__');
    expect(({} as Members)['polluted']).toBeUndefined();
  });

  it('finds no permission in the __proto__ of a user', async () => {
    const user = '{"id":3,"username":"admin","__proto__":{"perms":["perm1"]}}';
    const token = forge(withText(attack.claims, 'user', user));
    const answer = await attack.send(token, 'GET /testapp/perms_protect');
    expect(answer.json.code).toBe('permission_denied');
  });

  it('reads the last of duplicate members, to check and to use', async () => {
    const text = JSON.stringify(attack.claims);
    await attack.expectGood(forge(`{"type":"refresh",${text.slice(1)}`));
    await attack.expectRefused(forge(`${text.slice(0, -1)},"type":"refresh"}`), 'access', 'token_wrong_type');
    await attack.expectBad(forge(`${text.slice(0, -1)},"user":{"id":1,"username":"alice","perms":["perm1"]}}`));
    await attack.expectGood(forge(attack.claims, `{"alg":"none",${JSON.stringify(HEADER).slice(1)}`));
    await attack.expectBad(forge(attack.claims, `${JSON.stringify(HEADER).slice(0, -1)},"alg":"none"}`));
  });
});

describe.each(ADAPTERS)('with iss, sub and a list of aud configured, on %s', (_name, adapter) => {
  let attack: TokenAttack;
  beforeAll(async () => {
    attack = await TokenAttack.start({
      adapter,
      options: { iss: 'https://issuer', sub: 'subject', aud: ['one', 'two'] },
    });
  });
  afterAll(() => attack.test.close());

  it('writes them as they are configured, and accepts what it wrote', async () => {
    expect(attack.claims).toMatchObject({ iss: 'https://issuer', sub: 'subject', aud: ['one', 'two'] });
    await attack.expectGood(forge(attack.claims));
    await attack.expectGood(forge(attack.refreshClaims), 'refresh');
  });

  it.each(['one', 'two', ['two'], ['two', 'three']].map((aud) => [JSON.stringify(aud), aud]))(
    'accepts the audience %s',
    async (_text, aud) => {
      await attack.expectGood(forge({ ...attack.claims, aud }));
    },
  );

  it.each(
    cases([
      null,
      '',
      'three',
      'One',
      'one ',
      'one two',
      1,
      true,
      {},
      { one: 'one' },
      [],
      ['three'],
      ['one', 1],
      [['one']],
    ]),
  )('refuses the audience %s', async (_text, aud) => {
    await attack.expectBad(forge({ ...attack.claims, aud }));
    await attack.expectBadRefresh(forge({ ...attack.refreshClaims, aud }));
  });

  it.each(cases([null, '', 'https://issuer/', 'HTTPS://ISSUER', ['https://issuer'], {}, 1, true]))(
    'refuses the issuer %s',
    async (_text, iss) => {
      await attack.expectBad(forge({ ...attack.claims, iss }));
      await attack.expectBadRefresh(forge({ ...attack.refreshClaims, iss }));
    },
  );

  it.each(cases([null, '', '3', 'Subject', ['subject'], {}, 1]))('refuses the subject %s', async (_text, sub) => {
    await attack.expectBad(forge({ ...attack.claims, sub }));
  });

  it.each(['iss', 'sub', 'aud'])('refuses a token without %s', async (name) => {
    await attack.expectBad(forge(without(attack.claims, name)));
    await attack.expectBadRefresh(forge(without(attack.refreshClaims, name)));
  });
});

describe.each(ADAPTERS)('with iat and jti switched off, on %s', (_name, adapter) => {
  let attack: TokenAttack;
  beforeAll(async () => {
    attack = await TokenAttack.start({ adapter, options: { iat: false, jti: false } });
  });
  afterAll(() => attack.test.close());

  it('access tokens have neither and are accepted, refresh tokens still need both', async () => {
    expect(attack.claims).not.toHaveProperty('iat');
    expect(attack.claims).not.toHaveProperty('jti');
    await attack.expectGood(attack.access);
    await attack.expectBadRefresh(forge(without(attack.refreshClaims, 'iat')));
    await attack.expectBadRefresh(forge(without(attack.refreshClaims, 'jti')));
  });

  it.each(['exp', 'sid'])('access tokens still need %s', async (name) => {
    await attack.expectBad(forge(without(attack.claims, name)));
  });
});
