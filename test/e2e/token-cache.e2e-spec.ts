import crypto from 'node:crypto';
import { syncBuiltinESMExports } from 'node:module';
import { Controller, Get, Req } from '@nestjs/common';
import {
  CurrentUser,
  JwtLoginRequired,
  JwtoEvents,
  TokenClaims,
  type JwtoClaims,
  type JwtoModuleOptions,
  type JwtoUser,
} from 'jwto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { claimsOf } from '../support/forge.js';
import { ring, ringKey, signAs } from '../support/rings.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { TokenAttack } from '../support/token-attack.js';

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
const key = ringKey('es', 'ES256');

/** A handler that spoils whatever it can reach. */
@Controller('spoil')
class SpoilingController {
  @Get()
  @JwtLoginRequired()
  spoil(@TokenClaims() claims: JwtoClaims, @CurrentUser() user: JwtoUser, @Req() request: { user: JwtoUser }): object {
    const seen = structuredClone({ claims, user, requestUser: request.user });
    for (const one of [claims.user, user, request.user]) {
      one.id = 'spoiled';
      one.perms.push('perm9');
    }
    claims.sid = 'spoiled';
    claims.exp = 1;
    (claims['deep'] as { list: { at: number }[] }).list.push({ at: 9 });
    Object.assign(claims, { jti: 'spoiled', type: 'refresh' });
    return seen;
  }
}

const deep = {
  claims: { useValue: { claims: () => ({ deep: { list: [{ at: 1 }] } }) } },
} as unknown as Partial<JwtoModuleOptions>;

describe.each(ADAPTERS)('known tokens on %s', (_name, adapter) => {
  let attack: TokenAttack;
  async function start(options: Partial<JwtoModuleOptions> = {}): Promise<void> {
    attack = await TokenAttack.start({ adapter, options, metadata: { controllers: [SpoilingController] } });
    for (let time = 0; time < 4; time++) await attack.expectGood(attack.access);
  }
  afterEach(() => attack.test.close());

  it('make no other token known: any character makes another token', async () => {
    await start();
    const { access } = attack;
    for (let index = 0; index < access.length; index++) {
      const at = BASE64URL.indexOf(access[index] ?? '');
      const other = at === -1 ? '-' : (BASE64URL[(at + 1 + (index % 62)) % 64] ?? '');
      const changed = access.slice(0, index) + other + access.slice(index + 1);
      await expect(attack.test.tokens.verify(changed), String(index)).rejects.toMatchObject({
        code: expect.stringMatching(/^token_(invalid|malformed)$/),
      });
    }
    const [header = '', payload = '', signature = ''] = access.split('.');
    const admin = Buffer.from(JSON.stringify({ ...attack.claims, user: { id: 9, username: 'x', perms: [] } }));
    await attack.expectBad(`${header}.${admin.toString('base64url')}.${signature}`);
    await attack.expectBad(`${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.${signature}`);
    await attack.expectBad(`${header}.${payload}.${signature}=`, 'token_malformed');
    await attack.expectGood(access);
  });

  it('give each request claims of its own', async () => {
    await start(deep);
    const { claims, access } = attack;
    const user = claims['user'];
    const expected = { claims, user, requestUser: user };
    for (let time = 0; time < 3; time++) {
      const together = await Promise.all([1, 2, 3].map(() => attack.send(access, 'GET /spoil')));
      for (const { json } of together) expect(json).toEqual(expected);
      expect((await attack.send(access, 'GET /testapp/claims')).json).toEqual(claims);
      const own = await attack.test.tokens.verify(access);
      expect(own).toEqual(claims);
      own.user.perms.push('perm9');
      (own['deep'] as { list: unknown[] }).list.length = 0;
    }
    attack.test.app.get(JwtoEvents).on('jwto.token_validated', ({ claims: told }) => {
      (told as JwtoClaims).user.perms.push('perm9');
    });
    await attack.expectGood(access);
    expect((await attack.send(access, 'GET /testapp/claims')).json).toEqual(claims);
  });

  it('are not changed by the function that chooses keys', async () => {
    await start({
      ...deep,
      resolveKey: ({ unverifiedClaims, unverifiedHeader }) => {
        try {
          Object.assign(unverifiedHeader, { typ: 'spoiled', alg: 'none' });
        } catch {
          // Frozen is as good.
        }
        try {
          (unverifiedClaims['user'] as JwtoUser | undefined)?.perms.push('perm9');
          Object.assign(unverifiedClaims, { sid: 'spoiled' });
        } catch {
          // The same.
        }
        return undefined;
      },
    });
    expect(attack.claims['user']).toMatchObject({ perms: ['perm1', 'perm2'] });
    for (let time = 0; time < 3; time++) {
      expect((await attack.send(attack.access, 'GET /testapp/claims')).json).toEqual(attack.claims);
    }
  });

  it('are asked about time, revocation, type and permission each time', async () => {
    await start();
    const { access, test } = attack;
    await attack.expectRefused(access, 'refresh', 'token_wrong_type');
    const alice = (await test.client().login()).json.access ?? '';
    for (let time = 0; time < 4; time++) {
      expect((await attack.send(alice, 'GET /testapp/perms_protect')).json.code).toBe('permission_denied');
      expect((await attack.send(access, 'GET /testapp/perms_protect')).text).toBe('perms also worked!');
    }
    test.clock.time = Number(attack.claims['exp']) * 1000 - 1;
    await attack.expectGood(access);
    test.clock.time += 1;
    await attack.expectRefused(access, 'access', 'token_expired');
    test.clock.advance(-100);
    await attack.expectGood(access);
    await test.tokens.revokeToken(access);
    test.takeEvents();
    await attack.expectRefused(access, 'access', 'token_revoked');
    await test.tokens.revokeSession(String(claimsOf(alice)['sid']));
    test.takeEvents();
    await attack.expectRefused(alice, 'access', 'token_revoked');
  });

  it('are none that were refused', async () => {
    await start(ring(key));
    const header = { alg: 'ES256', kid: 'es' };
    const now = Math.floor(attack.test.clock.now() / 1000);
    const early = signAs({ ...attack.claims, nbf: now + 20 }, header, key.signingKey, 'ES256');
    for (let time = 0; time < 4; time++) await attack.expectRefused(early, 'access', 'token_not_yet_valid');
    attack.test.clock.advance(20);
    await attack.expectGood(early);
    const forged = signAs(attack.claims, header, ringKey('x', 'ES256').signingKey, 'ES256');
    for (let time = 0; time < 4; time++) await attack.expectBad(forged);
  });
});

describe('tokenCache', () => {
  let test: TestApp;
  afterEach(async () => {
    vi.restoreAllMocks();
    syncBuiltinESMExports();
    await test.close();
  });

  /** How often signatures are verified, when each of some tokens comes several times: in a row, or all in turn. */
  async function verifications(tokenCache: JwtoModuleOptions['tokenCache'], inTurn: boolean): Promise<number> {
    test = await startApp({ options: { ...ring(key), tokenCache } });
    const issued = await Promise.all(Array.from({ length: 50 }, () => test.tokens.issue(test.users.named('bob'))));
    const order = Array.from({ length: 250 }, (_, index) => issued[inTurn ? index % 50 : Math.floor(index / 5)]);
    const verify = vi.spyOn(crypto, 'verify');
    syncBuiltinESMExports();
    for (const one of order) expect((await test.tokens.verify(one?.access ?? '')).sid).toBe(one?.sid);
    return verify.mock.calls.length;
  }

  it.each([undefined, true, {}, { entries: undefined }, { entries: 100 }, { bytes: 100_000 }])(
    'on (%j) verifies the signature of a token that comes again and again twice at most',
    async (tokenCache) => {
      const done = await verifications(tokenCache, false);
      expect(done).toBeGreaterThanOrEqual(50);
      expect(done).toBeLessThanOrEqual(100);
    },
  );

  it('false verifies each time', async () => {
    expect(await verifications(false, false)).toBe(250);
  });

  it.each([{ entries: 2 }, { bytes: 8192 }])('of %j holds no more than that', async (tokenCache) => {
    // About 450 bytes each: 8192 bytes have no room for 50.
    expect(await verifications(tokenCache, true)).toBeGreaterThan(200);
  });
});
