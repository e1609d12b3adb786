import { Injectable, Module, type DynamicModule } from '@nestjs/common';
import {
  JwtoModule,
  TokenService,
  UserProvider,
  type JwtoModuleOptions,
  type JwtoOptions,
  type JwtoOptionsFactory,
} from 'jwto';
import { describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { TestRoutes } from '../support/routes.controller.js';
import { start } from '../support/start.js';
import { startError } from '../support/startup.js';
import { SIGNING_KEY } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

/** Stands for an application's ConfigService. */
@Injectable()
class Config {
  readonly key = SIGNING_KEY;
}

@Module({ providers: [Config], exports: [Config] })
class ConfigModule {}

@Injectable()
class OptionsFactory implements JwtoOptionsFactory {
  constructor(private readonly config: Config) {}

  async createJwtoOptions(): Promise<JwtoOptions> {
    await Promise.resolve();
    return { signingKey: this.config.key };
  }
}

@Module({ imports: [ConfigModule], providers: [OptionsFactory], exports: [OptionsFactory] })
class FactoryModule {}

/** Users that need something of the application. */
@Injectable()
class ConfiguredUsers extends TestUsers {
  constructor(readonly config: Config) {
    super();
  }
}

@Module({ imports: [ConfigModule], providers: [ConfiguredUsers], exports: [ConfiguredUsers] })
class UsersModule {}

const users = TestUsers;
const WAYS: [string, () => DynamicModule][] = [
  ['forRoot', () => JwtoModule.forRoot({ signingKey: SIGNING_KEY, users })],
  ['a factory', () => JwtoModule.forRootAsync({ useFactory: () => ({ signingKey: SIGNING_KEY }), users })],
  [
    'an async factory that injects',
    () =>
      JwtoModule.forRootAsync({
        imports: [ConfigModule],
        inject: [Config, { token: 'absent', optional: true }],
        useFactory: async (config: Config, absent: unknown) => {
          await new Promise((resolve) => setTimeout(resolve, 20));
          return { signingKey: absent === undefined ? config.key : '' };
        },
        users,
      }),
  ],
  ['a class', () => JwtoModule.forRootAsync({ imports: [ConfigModule], useClass: OptionsFactory, users })],
  [
    'an existing provider',
    () => JwtoModule.forRootAsync({ imports: [FactoryModule], useExisting: OptionsFactory, users }),
  ],
];

const USERS: [string, JwtoModuleOptions['users']][] = [
  ['a class that injects', ConfiguredUsers],
  ['useClass', { useClass: ConfiguredUsers }],
  ['useExisting', { useExisting: ConfiguredUsers }],
  ['useValue', { useValue: new TestUsers() }],
  [
    'an async useFactory',
    { useFactory: (config: Config) => Promise.resolve(new ConfiguredUsers(config)), inject: [Config] },
  ],
];

describe.each(ADAPTERS)('the module on %s', (_name, adapter) => {
  it.each(WAYS)('takes its settings from %s', async (_way, register) => {
    const { client: newClient, close } = await start({ adapter, imports: [register()], controllers: [TestRoutes] });
    const client = newClient();
    expect((await client.login('bob')).status).toBe(200);
    expect((await client.get('/testapp/perms_protect')).text).toBe('perms also worked!');
    await close();
  });

  it.each(USERS)('takes its users from %s', async (_way, source) => {
    const jwto = JwtoModule.forRoot({ signingKey: SIGNING_KEY, imports: [ConfigModule, UsersModule], users: source });
    const { client, close } = await start({ adapter, imports: [jwto] });
    expect((await client().login('bob')).status).toBe(200);
    expect((await client().login('bob', 'wrong')).json.code).toBe('credentials_invalid');
    await close();
  });

  it('takes switches and paths of endpoints from an async factory too', async () => {
    const useFactory = async (): Promise<JwtoOptions> => {
      await new Promise((resolve) => setTimeout(resolve, 20));
      const endpoints = { login: 'auth/sign-in', validateAccess: false, updateRefresh: 'extend', logout: '/sign-out/' };
      return { signingKey: SIGNING_KEY, refreshCookiePath: '/auth/session/', endpoints, mode: 'ONE-COOKIE' };
    };
    const { client: newClient, close } = await start({
      adapter,
      imports: [JwtoModule.forRootAsync({ useFactory, users })],
    });
    const client = newClient();
    const login = await client.send('/auth/sign-in/', { json: { username: 'alice', password: 'pass' } });
    expect(login.json).toEqual({ msg: 'Tokens successfully created.' });
    expect(login.cookies.find(({ name }) => name === 'jwt_refresh')?.path).toBe('/auth/session');
    for (const path of ['extend', 'refresh_access/', 'validate_refresh', 'sign-out']) {
      expect((await client.send(`/auth/session/${path}`, { headers: client.csrf() })).status, path).toBe(200);
    }
    for (const path of ['login', 'validate_access', 'auth/session/update_refresh', 'auth/session/logout']) {
      expect((await client.send(`/${path}/`)).status, path).toBe(404);
    }
    await close();
  });
});

describe('the module', () => {
  it('needs no import in other modules, and every one where isGlobal is false', async () => {
    @Injectable()
    class Feature {
      constructor(readonly tokens: TokenService) {}
    }
    @Module({ providers: [Feature], controllers: [TestRoutes] })
    class FeatureModule {}

    const everywhere = JwtoModule.forRoot({ signingKey: SIGNING_KEY, users });
    const { app, close } = await start({ imports: [everywhere, FeatureModule] });
    expect(app.get(Feature, { strict: false }).tokens).toBe(app.get(TokenService));
    await close();

    const here = JwtoModule.forRoot({ signingKey: SIGNING_KEY, users, isGlobal: false });
    await expect(start({ imports: [here, FeatureModule] })).rejects.toThrow(/TokenService/);

    @Module({ imports: [here], providers: [Feature], controllers: [TestRoutes] })
    class ImportingModule {}
    const importing = await start({ imports: [ImportingModule] });
    const client = importing.client();
    await client.login();
    expect((await client.get('/testapp/protect')).text).toBe('worked!');
    await importing.close();
  });

  it('stops the start for wrong settings from a factory, and for none', async () => {
    const wrong = await startError(() =>
      start({ imports: [JwtoModule.forRootAsync({ useFactory: () => ({ signingKey: 'short' }), users })] }),
    );
    expect(wrong.problems.map(({ setting }) => setting)).toEqual(['signingKey']);
    for (const nothing of [undefined, null, 7]) {
      const useFactory = (() => nothing) as unknown as () => JwtoOptions;
      expect(
        (await startError(() => start({ imports: [JwtoModule.forRootAsync({ useFactory, users })] }))).message,
      ).toMatch(/factory/);
    }
    await expect(
      start({ imports: [JwtoModule.forRootAsync({ useFactory: () => Promise.reject(new Error('no vault')), users })] }),
    ).rejects.toThrow('no vault');
    expect(() => JwtoModule.forRootAsync({ users })).toThrow(/useFactory, useClass and useExisting/);
  });

  it('refuses unknown names in forRootAsync too', async () => {
    const misspelled = { useFactory: () => ({ signingKey: SIGNING_KEY }), user: users, leeway: 1 };
    const error = await startError(() => start({ imports: [JwtoModule.forRootAsync(misspelled)] }));
    expect(error.message).toMatch(/\buser\b.*\n?.*leeway/s);
  });

  it('does not export a UserProvider, which is the application’s own affair', async () => {
    const { app, close } = await start({ imports: [JwtoModule.forRoot({ signingKey: SIGNING_KEY, users })] });
    expect(() => app.get(UserProvider, { strict: true })).toThrow();
    await close();
  });
});
