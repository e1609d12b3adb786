import { createHmac, randomUUID, type KeyObject } from 'node:crypto';
import { calculateJwkThumbprint } from 'jose';
import type { Algorithm } from 'jwto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { ALGORITHMS, jwkOf, makeKeys } from '../support/keys.js';
import { expectRefusal } from '../support/refusals.js';
import { formerKey, ring, ringKey, signAs, type TestKey } from '../support/rings.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { TokenAttack } from '../support/token-attack.js';

const header = (kid: unknown, alg: Algorithm = 'HS256') => ({ alg, typ: 'JWT', kid });

describe.each(ADAPTERS)('a ring of keys on %s', (_name, adapter) => {
  const active = ringKey('active');
  const older = ringKey('older', 'ES256');
  const former = formerKey();
  const stranger = ringKey('stranger');
  let attack: TokenAttack;
  beforeAll(async () => {
    attack = await TokenAttack.start({ adapter, options: ring(active, older, former) });
  });
  afterAll(() => attack.test.close());

  const both = (claimsHeader: object, { signingKey, algorithm }: TestKey) =>
    [attack.claims, attack.refreshClaims].map((claims) => signAs(claims, claimsHeader, signingKey, algorithm));
  async function expectBothGood(tokenHeader: object, key: TestKey): Promise<void> {
    const [access = '', refresh = ''] = both(tokenHeader, key);
    await attack.expectGood(access);
    await attack.expectGood(refresh, 'refresh');
  }
  async function expectBothBad(tokenHeader: object, key: TestKey): Promise<void> {
    const [access = '', refresh = ''] = both(tokenHeader, key);
    await attack.expectBad(access);
    await attack.expectBadRefresh(refresh);
  }

  it('signs with the first and names it in the header', () => {
    for (const token of [attack.access, attack.refresh]) {
      expect(attack.test.tokens.decode(token).header).toEqual(header('active'));
    }
  });

  it('verifies by the key that kid names', async () => {
    await expectBothGood(header('active'), active);
    await expectBothGood(header('older', 'ES256'), older);
    await expectBothGood(header('former'), former);
  });

  it('refuses what another key of the ring has signed', async () => {
    await expectBothBad(header('former'), active);
    await expectBothBad(header('active'), former);
    await expectBothBad(header('older', 'ES256'), active);
    await expectBothBad(header('older', 'HS256'), active);
    await expectBothBad(header('active'), stranger);
  });

  it('verifies tokens without kid by the key that is marked for them, and by no other', async () => {
    const bare = { alg: 'HS256', typ: 'JWT' };
    await expectBothGood(bare, former);
    await expectBothBad(bare, active);
    await expectBothBad({ alg: 'ES256', typ: 'JWT' }, older);
  });

  it('takes a key with its own algorithm only', async () => {
    const { signingKey } = active;
    for (const algorithm of ['HS384', 'HS512'] as const) {
      await attack.expectBad(signAs(attack.claims, header('active', algorithm), signingKey, algorithm));
      await attack.expectBad(signAs(attack.claims, header('active'), signingKey, algorithm));
    }
    await attack.expectBad(signAs(attack.claims, header('older', 'HS256'), older.signingKey, 'ES256'));
    await attack.expectBad(signAs(attack.claims, header('active', 'ES256'), older.signingKey, 'ES256'));
  });

  it.each<[string, unknown]>([
    ['unknown', randomUUID()],
    ['of a key that is not there', 'stranger'],
    ['in another case', 'Active'],
    ['with a space', 'active '],
    ['with NUL', 'active\0'],
    ['empty', ''],
    ['of 128 characters', 'k'.repeat(128)],
    ['of 129 characters', 'k'.repeat(129)],
    ['of 4000 characters', 'k'.repeat(4000)],
    ['a path', '../../../../dev/null'],
    ['a path of Windows', '..\\..\\active'],
    ['a URL', 'https://attacker.example/active'],
    ['SQL', "' UNION SELECT 'active' --"],
    ['a shell command', 'active; sleep 10'],
    ['a name of Object.prototype', 'constructor'],
    ['__proto__', '__proto__'],
    ['a number', 0],
    ['true', true],
    ['null', null],
    ['a list', ['active']],
    ['an object', { toString: 'active' }],
  ])('refuses a kid that is %s, also where it is signed with a key of the ring', async (_what, kid) => {
    for (const key of [active, former]) await expectBothBad(header(kid), key);
  });

  it('reads no key and no address of the token', async () => {
    const jwk = jwkOf(stranger.signingKey);
    for (const more of [{ jwk }, { jku: 'https://127.0.0.1:1/' }, { x5u: 'https://127.0.0.1:1/' }, { x5c: ['MII'] }]) {
      await expectBothBad({ ...header('active'), ...more }, stranger);
      await expectBothBad({ ...header('stranger'), ...more }, stranger);
    }
  });
});

/** Of a secret without a kid. */
const nameOf = (secret: KeyObject): string => createHmac('sha256', secret).update('jwto kid').digest('base64url');

describe('the kid of a key', () => {
  let test: TestApp;
  afterEach(() => test.close());

  it.each(ALGORITHMS)(
    'is its RFC 7638 thumbprint where none is given, of a secret a keyed hash: %s',
    async (algorithm) => {
      const { signing, verifying } = makeKeys(algorithm);
      const isSecret = verifying.type === 'secret';
      const kid = isSecret ? nameOf(verifying) : await calculateJwkThumbprint(jwkOf(verifying), 'sha256');
      test = await startApp({ options: ring({ algorithm, signingKey: signing }) });
      const { access, refresh } = await test.tokens.issue(test.users.named('bob'));
      for (const token of [access, refresh]) {
        expect(test.tokens.decode(token).header).toEqual({ alg: algorithm, typ: 'JWT', kid });
      }
      await test.tokens.verify(access);
      await test.tokens.verify(refresh, { type: 'refresh' });
    },
  );

  it('is not needed by a ring without a key for tokens that have none', async () => {
    const key = ringKey('only');
    const attack = await TokenAttack.start({ options: ring(key) });
    ({ test } = attack);
    await attack.expectGood(signAs(attack.claims, header('only'), key.signingKey));
    await attack.expectBad(signAs(attack.claims, { alg: 'HS256', typ: 'JWT' }, key.signingKey));
    await attack.expectBadRefresh(signAs(attack.refreshClaims, { alg: 'HS256' }, key.signingKey));
  });

  it('is compared, where one signingKey is set, with the name that it would have; its own tokens have none', async () => {
    const attack = await TokenAttack.start();
    ({ test } = attack);
    const { signingKey } = formerKey();
    const kid = nameOf(signingKey);
    expect(test.tokens.decode(attack.access).header).toEqual({ alg: 'HS256', typ: 'JWT' });
    await attack.expectGood(signAs(attack.claims, header(kid), signingKey));
    for (const other of [kid.slice(0, -1), `${kid}=`, kid.toLowerCase(), 'former', '', null, [kid]]) {
      await attack.expectBad(signAs(attack.claims, header(other), signingKey));
      await attack.expectBadRefresh(signAs(attack.refreshClaims, header(other), signingKey));
    }
  });
});

describe('a ring that cannot sign', () => {
  const signer = ringKey('signer');
  const verifier = { ...signer, signingKey: undefined, verifyingKey: signer.signingKey };
  let test: TestApp;
  let access: string;
  beforeAll(async () => {
    const issuer = await startApp({ options: ring(signer) });
    ({ access } = await issuer.tokens.issue(issuer.users.named('admin')));
    await issuer.close();
  });
  afterEach(() => test.close());

  async function expectVerifies(): Promise<void> {
    const client = test.client();
    client.bearer = access;
    expect((await client.get('/testapp/perms_protect')).text).toBe('perms also worked!');
  }

  it('verifies, and has no login and no refresh, where it has secrets to verify with only', async () => {
    test = await startApp({ options: ring(verifier) });
    await expectVerifies();
    expect((await test.client().login()).status).toBe(404);
    for (const endpoint of ['refresh_access', 'update_refresh']) {
      expect((await test.client().refresh(endpoint)).status, endpoint).toBe(404);
    }
    await expect(test.tokens.issue(test.users.named('bob'))).rejects.toThrow(/signingKey/);
    expect(test.takeEvents()).toEqual([]);
  });

  it.each([
    ['to come', { notBefore: '2999-01-01T00:00:00Z' }],
    ['expired', { expiresAt: '2001-01-01T00:00:00Z' }],
  ])('verifies, and a login is unavailable, while its signing key is %s', async (_when, times) => {
    test = await startApp({ options: ring({ ...ringKey('other'), ...times }, verifier) });
    await expectVerifies();
    await expectRefusal(test, () => test.client().login(), {
      status: 503,
      code: 'store_unavailable',
      events: ['jwto.login_failed'],
    });
  });
});
