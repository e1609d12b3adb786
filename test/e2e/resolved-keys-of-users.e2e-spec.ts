import { randomBytes } from 'node:crypto';
import type { ResolvedKey } from 'jwto';
import { afterEach, describe, expect, it } from 'vitest';
import type { Members } from '../support/forge.js';
import { makeKeys } from '../support/keys.js';
import { expectRefusal } from '../support/refusals.js';
import { signAs } from '../support/rings.js';
import { TokenAttack } from '../support/token-attack.js';

describe('a resolved key', () => {
  const { signing, verifying } = makeKeys('ES256');
  let attack: TokenAttack;
  afterEach(() => attack.test.close());
  async function start(key: Partial<ResolvedKey['key']>, expected: Members = { user: { username: 'admin' } }) {
    let given: Partial<ResolvedKey['key']> = { algorithm: 'ES256', signingKey: signing, ...key };
    attack = await TokenAttack.start({
      options: {
        resolveKey: async () => Promise.resolve({ key: given as ResolvedKey['key'], claims: expected }),
      },
    });
    return (next: Partial<ResolvedKey['key']>) => (given = { algorithm: 'ES256', ...next });
  }

  it('may be of any algorithm, with a kid, and speak for one user by claims inside user', async () => {
    await start({ kid: 'of-admin' });
    expect(attack.test.tokens.decode(attack.access).header).toEqual({ alg: 'ES256', typ: 'JWT', kid: 'of-admin' });
    await attack.expectGood(attack.access);
    const user = attack.claims['user'] as Members;
    const other = { ...attack.claims, user: { ...user, username: 'bob' } };
    await attack.expectBad(signAs(other, { alg: 'ES256', kid: 'of-admin' }, signing, 'ES256'));
  });

  it('that says something else than the claims signs nothing', async () => {
    await start({});
    await expectRefusal(attack.test, () => attack.test.client().login('bob'), {
      status: 503,
      code: 'store_unavailable',
      events: ['jwto.login_failed'],
    });
  });

  it('that verifies only signs nothing', async () => {
    const give = await start({});
    give({ verifyingKey: verifying });
    await attack.expectGood(attack.access);
    await expectRefusal(attack.test, () => attack.test.client().login('admin', 'abc123'), {
      status: 503,
      code: 'store_unavailable',
      events: ['jwto.login_failed'],
    });
  });

  it.each([
    ['before its time', { notBefore: '2999-01-01T00:00:00Z' }],
    ['after it', { expiresAt: '2001-01-01T00:00:00Z' }],
  ])('is not believed %s, also for a known token', async (_when, times) => {
    const give = await start({});
    for (let time = 0; time < 3; time++) await attack.expectGood(attack.access);
    give({ signingKey: signing, ...times });
    await attack.expectBad(attack.access);
    await attack.expectBadRefresh(attack.refresh);
    give({ signingKey: signing });
    await attack.expectGood(attack.access);
  });

  it('may be changed in place: the new content counts', async () => {
    const bytes = randomBytes(32);
    const give = await start({ algorithm: 'HS256', signingKey: bytes });
    for (let time = 0; time < 3; time++) await attack.expectGood(attack.access);
    bytes.set(randomBytes(32));
    await attack.expectBad(attack.access);
    give({ algorithm: 'HS256', signingKey: bytes });
    await attack.expectBad(attack.access);
  });
});
