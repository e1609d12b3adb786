import { Controller, Get, UseGuards } from '@nestjs/common';
import type { JwtService } from '@nestjs/jwt';
import { AuthGuard } from '@nestjs/passport';
import { getJwtServiceToken, type JwtoModuleOptions } from 'jwto';
import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { SQLITE } from '../support/databases.js';
import { ringKey, signAs, Vault } from '../support/rings.js';
import { TokenAttack } from '../support/token-attack.js';
import { gate, standing, worldOf, type OwnApp, type World } from '../support/two-apps.js';

@Controller('passport')
class PassportController {
  @Get()
  @UseGuards(AuthGuard('jwto'))
  ask(): string {
    return 'worked!';
  }
}

const leaked = ringKey('leaked');
const next = ringKey('next', 'ES256');
const verifying = { kid: 'leaked', algorithm: 'HS256' as const, verifyingKey: leaked.signingKey };

describe.each(ADAPTERS)('a key that is removed on %s', (_name, adapter) => {
  let vault: Vault;
  let attack: TokenAttack;
  async function start(options: Partial<JwtoModuleOptions> = {}): Promise<void> {
    vault = new Vault([leaked]);
    attack = await TokenAttack.start({
      adapter,
      options: { ...vault.options, ...options },
      metadata: { controllers: [PassportController] },
    });
  }
  afterEach(() => attack.test.close());
  async function replaceBy(...keys: object[]): Promise<void> {
    vault.keys = keys;
    await attack.test.tokens.reloadKeys();
  }
  const jwt = (): JwtService => attack.test.app.get(getJwtServiceToken());

  it.each<[string, Partial<JwtoModuleOptions>]>([
    ['with the cache', {}],
    ['without it', { tokenCache: false }],
    ['where keys are resolved too', { resolveKey: () => Promise.resolve(undefined) }],
  ])('ends its tokens at once on every way, also those just used: %s', async (_how, options) => {
    await start(options);
    const { access, refresh, test } = attack;
    for (let time = 0; time < 5; time++) {
      await attack.expectGood(access);
      expect((await attack.send(access, 'GET /passport')).text).toBe('worked!');
      await attack.expectGood(refresh, 'refresh');
      await test.tokens.verify(access);
    }
    await replaceBy(next);
    await attack.expectBad(access);
    await attack.expectBadRefresh(refresh);
    expect((await attack.send(access, 'GET /passport')).json).toMatchObject({ statusCode: 401, code: 'token_invalid' });
    await expect(test.tokens.verify(access)).rejects.toMatchObject({ code: 'token_invalid' });
    for (const use of ['refresh', 'updateRefresh', 'revokeToken'] as const) {
      await expect(test.tokens[use](refresh), use).rejects.toMatchObject({ code: 'token_invalid' });
    }
    await expect((async () => jwt().verifyAsync(access))()).rejects.toThrow();
    // Whoever has the key cannot make new ones either.
    await attack.expectBad(signAs(attack.claims, { alg: 'HS256', typ: 'JWT', kid: 'leaked' }, leaked.signingKey));
    expect((await test.client().login()).status).toBe(200);
  });

  it('is not believed under its old name, once another key has it', async () => {
    await start();
    for (let time = 0; time < 3; time++) await attack.expectGood(attack.access);
    await replaceBy({ ...ringKey('leaked') });
    await attack.expectBad(attack.access);
    await replaceBy({ ...ringKey('leaked', 'HS384') });
    await attack.expectBad(attack.access);
    await replaceBy(leaked);
    await attack.expectGood(attack.access);
  });

  it('that only stops signing keeps its tokens, and its sessions go on', async () => {
    await start();
    for (let time = 0; time < 3; time++) await attack.expectGood(attack.access);
    await replaceBy(next, verifying);
    await attack.expectGood(attack.access);
    await attack.expectGood(attack.refresh, 'refresh');
    const { json } = await attack.send(attack.refresh, 'POST /api/token/refresh/refresh_access/');
    expect(attack.test.tokens.decode(json.access ?? '').header['kid']).toBe('next');
    await replaceBy(verifying, next);
    expect(attack.test.tokens.decode((await attack.test.client().login()).json.access ?? '').header['kid']).toBe(
      'next',
    );
  });

  it('that is no longer marked for tokens without kid ends those', async () => {
    await start();
    await replaceBy({ ...leaked, withoutKid: true });
    const bare = signAs(attack.claims, { alg: 'HS256' }, leaked.signingKey);
    for (let time = 0; time < 3; time++) await attack.expectGood(bare);
    await replaceBy(leaked);
    await attack.expectBad(bare);
    await attack.expectGood(attack.access);
  });

  it('is not signed and not verified with by the JwtService of the application', async () => {
    await start();
    const before = await jwt().signAsync({ hello: 'world' });
    expect(await jwt().verifyAsync(before)).toMatchObject({ hello: 'world' });
    await replaceBy(next, verifying);
    const after = jwt().sign({ hello: 'world' });
    expect(jwt().decode<{ header: object }>(after, { complete: true }).header).toEqual({
      alg: 'ES256',
      typ: 'JWT',
      kid: 'next',
    });
    expect(jwt().verify(before)).toMatchObject({ hello: 'world' });
    expect(jwt().verify(after)).toMatchObject({ hello: 'world' });
    const crossed = signAs({ hello: 'world' }, { alg: 'HS256', kid: 'next' }, leaked.signingKey);
    for (const token of [
      crossed,
      signAs({}, { alg: 'HS256' }, leaked.signingKey),
      signAs({}, { alg: 'none', kid: 'leaked' }, leaked.signingKey),
    ]) {
      expect(() => jwt().verify(token)).toThrow();
    }
    await replaceBy(next);
    expect(() => jwt().verify(before)).toThrow();
    expect(jwt().verify(after)).toMatchObject({ hello: 'world' });
  });

  it('makes room for EdDSA, which the JwtService does not know and the TokenService does', async () => {
    await start();
    await replaceBy(ringKey('ed', 'EdDSA'));
    const { access } = await attack.test.tokens.issue(attack.test.users.named('bob'));
    await attack.expectGood(access);
    expect(() => jwt().sign({})).toThrow(/EdDSA/);
    expect(() => jwt().verify(access)).toThrow(/EdDSA/);
  });
});

describe('a verification that began before its key was removed', () => {
  let world: World;
  let app: OwnApp;
  let vault: Vault;
  afterEach(() => world.close());
  async function start(options: Partial<JwtoModuleOptions>): Promise<{ access: string; refresh: string; sid: string }> {
    world = worldOf(SQLITE);
    vault = new Vault([leaked]);
    app = await world.start({ ...vault.options, ...options });
    const tokens = await app.tokens.issue(app.users.named('bob'));
    expect(await standing(app.tokens, tokens)).toBe('ok');
    app.takeEvents();
    return tokens;
  }
  async function remove(): Promise<void> {
    vault.keys = [next];
    await app.tokens.reloadKeys();
  }
  const bearer = (token: string) => {
    const client = app.client();
    client.bearer = token;
    return client;
  };

  it.each([true, false])('refuses afterwards: a slow resolveKey that knows nothing (cache %s)', async (tokenCache) => {
    const slow = gate();
    let waiting = 0;
    let isSlow = false;
    const tokens = await start({
      tokenCache,
      resolveKey: async () => {
        waiting++;
        if (isSlow) await slow.promise;
        return undefined;
      },
    });
    isSlow = true;
    waiting = 0;
    const answers = [
      bearer(tokens.access).get('/testapp/protect'),
      bearer(tokens.access).send('/validate_access/'),
      bearer(tokens.refresh).refresh('refresh_access'),
      bearer(tokens.refresh).refresh('logout'),
    ];
    const own = standing(app.tokens, tokens);
    await expect.poll(() => waiting).toBe(5);
    await remove();
    slow.open();
    for (const { status, json } of await Promise.all(answers))
      expect([status, json.code]).toEqual([401, 'token_invalid']);
    expect(await own).toBe('token_invalid');
    expect(app.takeEvents()).toEqual([]);
  });

  it.each([true, false])('refuses afterwards: a slow database of revocations (cache %s)', async (tokenCache) => {
    const tokens = await start({ tokenCache, blocklistCheck: 'database' });
    const slow = gate();
    const seen = app.line.statements.length;
    app.line.holdUp = () => slow.promise;
    const answers = [bearer(tokens.access).get('/testapp/protect'), bearer(tokens.access).send('/validate_access/')];
    const own = standing(app.tokens, tokens);
    await expect.poll(() => app.line.statements.length).toBe(seen + 3);
    await remove();
    slow.open();
    for (const { status, json } of await Promise.all(answers))
      expect([status, json.code]).toEqual([401, 'token_invalid']);
    expect(await own).toBe('token_invalid');
    expect(app.takeEvents()).toEqual([]);
  });

  it.each(['validate_refresh', 'refresh_access', 'update_refresh'])(
    'refuses afterwards: slow sessions at %s',
    async (endpoint) => {
      const tokens = await start({});
      const slow = gate();
      const seen = app.line.statements.length;
      app.line.holdUp = (sql) => (sql.startsWith('SELECT') ? slow.promise : undefined);
      const answer = bearer(tokens.refresh).refresh(endpoint);
      await expect.poll(() => app.line.statements.length).toBeGreaterThan(seen);
      await remove();
      slow.open();
      const { status, json } = await answer;
      expect([status, json.code]).toEqual([401, 'token_invalid']);
      expect(app.takeEvents()).toEqual([]);
      expect((await app.tokens.listSessions(2)).map(({ sid }) => sid)).toEqual([tokens.sid]);
    },
  );
});
