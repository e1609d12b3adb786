import { Test } from '@nestjs/testing';
import { JwtoModule, jwtoOptionsFromEnv, type JwtoModuleOptions, type JwtoOptions, type RingKey } from 'jwto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { start } from '../support/start.js';
import { startError } from '../support/startup.js';
import { SIGNING_KEY, startApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

const ISSUER = { issuer: 'https://a.example', audience: 'us', jwksUri: 'http://10.0.0.1/jwks' };

/** The ways in which an object can have a member without being a plain one. */
const SHAPES: [string, (settings: Record<string, unknown>) => object][] = [
  ['own values', (settings) => ({ ...settings })],
  ['own getters', (settings) => withGetters({}, settings)],
  ['getters of a class', (settings) => Object.create(withGetters({}, settings)) as object],
  ['inherited values', (settings) => Object.create(settings) as object],
  ['values of two classes', (settings) => Object.create(Object.create(settings) as object) as object],
  ['no prototype', (settings) => Object.assign(Object.create(null) as object, settings)],
];

/** Settings that are wrong, alone and together, and the setting that is named. */
const WRONG: [string, Record<string, unknown>][] = [
  ['csrf', { mode: 'ONE-COOKIE', sameSite: 'None', csrf: false }],
  ['secureCookies', { mode: 'ONE-COOKIE', sameSite: 'None', secureCookies: false }],
  ['domain', { mode: 'ONE-COOKIE', cookiePrefix: 'host', domain: 'example.com' }],
  ['leeway', { leeway: 3600 }],
  ['endpoints', { endpoints: { login: 'a b' } }],
  ['issuers', { issuers: [ISSUER] }],
  ['samesite', { samesite: 'None' }],
  ['tokenCache', { tokenCache: { entries: 0 } }],
  ['checks', { checks: { signature: false } }],
  ['keys[0].kid', { signingKey: undefined, keys: [{ kid: '', algorithm: 'HS256', signingKey: SIGNING_KEY }] }],
];

function withGetters(target: object, values: Record<string, unknown>): object {
  for (const [name, value] of Object.entries(values)) Object.defineProperty(target, name, { get: () => value });
  return target;
}

function shaped(value: unknown, shape: (settings: Record<string, unknown>) => object): unknown {
  if (Array.isArray(value)) return value.map((item) => shaped(item, shape));
  if (typeof value !== 'object' || value === null || value instanceof TestUsers) return value;
  return shape(
    Object.fromEntries(
      Object.entries(value).map(([name, member]) => [name, name === 'users' ? member : shaped(member, shape)]),
    ),
  );
}

async function wrongWith(imported: () => ReturnType<typeof JwtoModule.forRoot>): Promise<string[]> {
  const error = await startError(() =>
    Test.createTestingModule({ imports: [imported()] })
      .compile()
      .then((module) => module.init()),
  );
  return error.problems.map(({ setting }) => setting);
}

afterEach(() => {
  vi.unstubAllEnvs();
});

describe.each(SHAPES)('settings with %s', (_name, shape) => {
  it.each(WRONG)('are looked at as plain ones are: %s', async (setting, options) => {
    const given = { signingKey: SIGNING_KEY, ...options };
    const users = { useValue: new TestUsers() };
    const asModule = shaped({ ...given, users }, shape) as JwtoModuleOptions;
    expect(await wrongWith(() => JwtoModule.forRoot(asModule))).toEqual([setting]);
    const factory = (): JwtoOptions => shaped(given, shape) as JwtoOptions;
    expect(await wrongWith(() => JwtoModule.forRootAsync({ users, useFactory: factory }))).toEqual([setting]);
  });

  it('are refused in production like plain ones', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const options = shaped({ signingKey: SIGNING_KEY, mode: 'ONE-COOKIE', secureCookies: false }, shape) as JwtoOptions;
    const users = { useValue: new TestUsers() };
    expect(await wrongWith(() => JwtoModule.forRootAsync({ users, useFactory: () => options }))).toEqual([
      'secureCookies',
    ]);
  });

  it('hold when they are right', async () => {
    const given = {
      signingKey: SIGNING_KEY,
      users: TestUsers,
      mode: ['ONE-COOKIE', 'JSON'],
      endpoints: { login: 'in' },
    };
    const test = await start({ imports: [JwtoModule.forRoot(shaped(given, shape) as JwtoModuleOptions)] });
    const answer = await test.client().send('/in', { json: { username: 'alice', password: 'pass' } });
    await test.close();
    expect(answer.cookies.map(({ name }) => name)).toContain('jwt_access');
  });

  it('are the same in a key of a ring, also in one that a function gives', async () => {
    const key = (kid: string): RingKey =>
      shaped({ kid, algorithm: 'HS256', signingKey: SIGNING_KEY + kid, expires: 1 }, shape) as RingKey;
    const users = { useValue: new TestUsers() };
    for (const keys of [[key('a')], () => [key('a')]]) {
      expect(await wrongWith(() => JwtoModule.forRoot({ users, keys }))).toEqual(['keys[0].expires']);
    }
  });
});

describe('settings that change', () => {
  it('are read once: what was looked at is what counts', async () => {
    const reads: Record<string, number> = {};
    const flipping = (name: string, ...values: unknown[]): PropertyDescriptor => ({
      enumerable: true,
      get: () => values[Math.min((reads[name] = (reads[name] ?? 0) + 1), values.length) - 1],
    });
    const options = Object.defineProperties(
      { signingKey: SIGNING_KEY, mode: 'ONE-COOKIE' },
      { sameSite: flipping('sameSite', 'Strict', 'None'), csrf: flipping('csrf', true, false) },
    ) as JwtoOptions;
    const test = await start({ imports: [JwtoModule.forRootAsync({ users: TestUsers, useFactory: () => options })] });
    const answer = await test.client().send('/login/', { json: { username: 'alice', password: 'pass' } });
    await test.close();
    expect(reads).toEqual({ sameSite: 1, csrf: 1 });
    expect(answer.cookies.map(({ sameSite }) => sameSite)).toEqual(['Strict', 'Strict', 'Strict']);
  });

  it('after the start change nothing', async () => {
    const trustedOrigins = ['https://a.example'];
    const test = await startApp({ options: { mode: 'ONE-COOKIE', trustedOrigins } });
    trustedOrigins.push('https://evil.example');
    const answer = await test.client().send('/login/', {
      json: { username: 'alice', password: 'pass' },
      headers: { origin: 'https://evil.example' },
    });
    await test.close();
    expect(answer.json.code).toBe('csrf_origin');
  });
});

describe('a class of settings', () => {
  class Config {
    signingKey = SIGNING_KEY;
    readonly throttled: string[] = [];
    createJwtoOptions(): this {
      return this;
    }
  }

  it('may have methods that are no settings; a field that is none is refused', async () => {
    const users = { useValue: new TestUsers() };
    expect(await wrongWith(() => JwtoModule.forRootAsync({ users, useClass: Config }))).toEqual(['throttled']);
  });

  it('has its hooks called on itself', async () => {
    class WithHook {
      #throttled: string[] = [];
      signingKey = SIGNING_KEY;
      throttleLogin({ username }: { username: string }): number {
        this.#throttled.push(username);
        return this.#throttled.length > 1 ? 30 : 0;
      }
    }
    const test = await start({
      imports: [JwtoModule.forRootAsync({ users: TestUsers, useFactory: () => new WithHook() })],
    });
    const statuses = [await test.client().login('alice'), await test.client().login('alice')].map(
      ({ status }) => status,
    );
    await test.close();
    expect(statuses).toEqual([200, 429]);
  });

  it('is none the worse for the environment, whose variables are still named', async () => {
    const options = Object.create(jwtoOptionsFromEnv({ JWTO_MODE: 'JSON,TEXT', JWTO_OWN: '1' })) as JwtoOptions;
    const users = { useValue: new TestUsers() };
    const named = ['JWTO_OWN', 'mode (JWTO_MODE)'];
    expect(await wrongWith(() => JwtoModule.forRootAsync({ users, useFactory: () => options }))).toEqual(
      expect.arrayContaining(named),
    );
  });
});
