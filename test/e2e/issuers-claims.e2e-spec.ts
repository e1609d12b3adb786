import { Controller, Get, Logger } from '@nestjs/common';
import { CurrentUser, JwtLoginRequired, TokenClaims, type JwtoClaims, type JwtoUser, type TrustedIssuer } from 'jwto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { AUDIENCE, FakeIssuer } from '../support/fake-issuer.js';
import { expectRefusal } from '../support/refusals.js';
import { ringKey } from '../support/rings.js';
import { startApp, type TestApp } from '../support/test-app.js';

/** Asks for what our own tokens say. */
@Controller('asked')
class Asked {
  @Get()
  @JwtLoginRequired()
  claims(
    @TokenClaims('role') role: unknown,
    @TokenClaims('sub') sub: string,
    @TokenClaims('jti') jti: unknown,
    @TokenClaims() claims: JwtoClaims,
    @CurrentUser() user: JwtoUser,
  ): object {
    return { role, sub, jti, claims, user };
  }
}

class Row {
  id = 'x';
  username = 'x';
  perms = ['perm1'];
  since = new Date(0);
  hasRole = (): boolean => true;
}
const plain = { id: 'x', username: 'x', perms: [] as string[] };

describe.each(ADAPTERS)('what another issuer says on %s', (_name, adapter) => {
  let issuer: FakeIssuer;
  let test: TestApp;
  beforeEach(async () => {
    issuer = await FakeIssuer.start(ringKey('theirs', 'ES256'));
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await test.close();
    await issuer.close();
  });
  async function start(mapUser?: (claims: Readonly<Record<string, unknown>>) => unknown): Promise<void> {
    const issuers = [issuer.trusted({ mapUser: mapUser as TrustedIssuer['mapUser'] })];
    test = await startApp({ adapter, options: { issuers }, metadata: { controllers: [Asked] } });
  }
  const bearer = (token: string) => {
    const client = test.client();
    client.bearer = token;
    return client;
  };
  const theirs = {
    role: 'admin',
    tenant: 't1',
    sub: '1',
    jti: 'j',
    sid: 's',
    auth_time: 7,
    foreign: { role: 'admin' },
  };

  it('does not stand among our claims: standard claims alone, in a place of their own', async () => {
    await start();
    const token = issuer.token(theirs);
    const { json } = await bearer(token).get('/asked');
    const name = `${issuer.url}|1`;
    const user = { id: name, username: name, perms: [] };
    const { exp, iat } = test.tokens.decode(token).payload;
    const foreign = { iss: issuer.url, sub: '1', aud: AUDIENCE, exp, iat, jti: 'j' };
    expect(json).toEqual({ sub: name, user, claims: { sub: name, exp, sid: '', type: 'access', user, foreign } });
    expect(await test.tokens.verify(token)).toEqual({ sub: name, exp, sid: '', type: 'access', user, foreign });
    await bearer(token).send('/validate_access/');
    expect(test.events.at(-1)).toMatchObject({ event: { userId: name, claims: { sub: name } } });
  });

  it('is what mapUser makes of it: sub is its id, and its other members are in user', async () => {
    await start(({ sub, role }) => ({ id: `ext:${String(sub)}`, username: 'Ext', perms: ['perm1'], role }));
    const { json } = await bearer(issuer.token(theirs)).get('/asked');
    const user = { id: 'ext:1', username: 'Ext', perms: ['perm1'], role: 'admin' };
    expect(json).toMatchObject({ sub: 'ext:1', user, claims: { sub: 'ext:1', user, foreign: { sub: '1' } } });
    expect(json).not.toHaveProperty('role');
    expect(json['claims']).not.toHaveProperty('tenant');
  });

  it.each<[string, () => unknown, object]>([
    ['a Date', () => ({ ...plain, since: new Date(0) }), { ...plain, since: '1970-01-01T00:00:00.000Z' }],
    ['a function', () => ({ ...plain, hasRole: () => true }), plain],
    ['a symbol', () => ({ ...plain, mark: Symbol('x') }), plain],
    ['a row of a class', () => new Row(), { ...plain, perms: ['perm1'], since: '1970-01-01T00:00:00.000Z' }],
    [
      'an own __proto__',
      () =>
        JSON.parse('{"id":"x","username":"x","perms":[],"__proto__":{"a":1},"in":{"__proto__":{"a":1}}}') as unknown,
      { ...plain, in: {} },
    ],
  ])('is plain JSON at a guard, an endpoint and in verify, also with %s in the user', async (_what, mapUser, user) => {
    await start(mapUser);
    const token = issuer.token();
    expect((await bearer(token).get('/testapp/user')).json['user']).toEqual(user);
    expect((await bearer(token).send('/validate_access/')).json).toEqual({ msg: 'Token is valid' });
    const claims = await test.tokens.verify(token);
    expect(claims.user).toEqual(user);
    expect(Object.getPrototypeOf(claims.user)).toBe(Object.prototype);
  });

  const circular: Record<string, unknown> = { ...plain };
  circular['self'] = { circular };
  const deep = (levels: number): unknown => (levels === 0 ? {} : { in: deep(levels - 1) });
  it.each<[string, () => unknown]>([
    ['a circle', () => circular],
    ['a BigInt', () => ({ ...plain, big: 10n })],
    [
      'a getter that throws',
      () => ({
        ...plain,
        get lazy(): never {
          throw new Error('the relation is not loaded');
        },
      }),
    ],
    ['more levels than claims may have', () => ({ ...plain, at: deep(33) })],
    ['gaps in perms', () => ({ ...plain, perms: Array(2) })],
    ['a list', () => [plain]],
    ['a function', () => () => plain],
  ])('is unavailable where mapUser gives %s: 503 everywhere, and logged', async (_what, mapUser) => {
    const error = vi.spyOn(Logger.prototype, 'error').mockReturnValue();
    await start(mapUser);
    const token = issuer.token();
    const refusal = { status: 503, code: 'store_unavailable' } as const;
    await expectRefusal(test, () => bearer(token).get('/testapp/protect'), refusal);
    await expectRefusal(test, () => bearer(token).send('/validate_access/'), refusal);
    await expect(test.tokens.verify(token)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(error.mock.calls.flat().map(String).join()).toContain('mapUser');
  });

  it('is read from what mapUser gives once, so that it cannot say two things', async () => {
    let reads = 0;
    await start(() => ({
      ...plain,
      get id(): string {
        reads += 1;
        return `x${String(reads)}`;
      },
    }));
    expect((await bearer(issuer.token()).get('/asked')).json).toMatchObject({ sub: 'x1', user: { id: 'x1' } });
    expect(reads).toBe(1);
  });
});
