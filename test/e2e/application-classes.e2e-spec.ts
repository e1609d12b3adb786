import { Injectable, Inject, Module, Scope, type Type } from '@nestjs/common';
import { REQUEST } from '@nestjs/core';
import {
  ClaimsProvider,
  JwtoModule,
  TokenService,
  UserProvider,
  type JwtoModuleOptions,
  type JwtoOptions,
  type SignInUser,
} from 'jwto';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { SQLITE } from '../support/databases.js';
import { start, type Started } from '../support/start.js';
import { startError } from '../support/startup.js';
import { SIGNING_KEY, startApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

/** README recommends it: a password change ends the user's sessions. */
@Injectable()
class UsersWithTokens extends TestUsers {
  constructor(@Inject(TokenService) readonly tokens: TokenService) {
    super();
  }
}

@Injectable()
class ClaimsWithTokens extends ClaimsProvider {
  constructor(@Inject(TokenService) readonly tokens: TokenService) {
    super();
  }
  override claims(): Record<string, unknown> {
    return { wired: this.tokens instanceof TokenService };
  }
}

@Module({ providers: [UsersWithTokens], exports: [UsersWithTokens] })
class UsersModule {}

describe.each(ADAPTERS)('classes of the application on %s', (_name, adapter) => {
  let test: Started | undefined;
  afterEach(() => test?.close());

  it.each<[string, Partial<JwtoModuleOptions>]>([
    ['a class', { users: UsersWithTokens }],
    ['one of its own modules', { users: { useExisting: UsersWithTokens }, imports: [UsersModule] }],
    [
      'a factory',
      { users: { useFactory: (tokens: TokenService) => new UsersWithTokens(tokens), inject: [TokenService] } },
    ],
  ])('may inject TokenService: users from %s, and claims', async (_what, options) => {
    test = await start({
      adapter,
      imports: [
        JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: TestUsers, claims: ClaimsWithTokens, ...options }),
      ],
    });
    const client = test.client();
    const { access } = (await client.login()).json;
    expect(test.app.get(TokenService).decode(access ?? '').payload).toMatchObject({ wired: true });
  });
});

describe('something request-scoped behind a setting stops the start and is named:', () => {
  @Injectable({ scope: Scope.REQUEST })
  class Tenant {
    constructor(@Inject(REQUEST) readonly request: unknown) {}
  }
  @Injectable()
  class TenantUsers extends TestUsers {
    constructor(@Inject(Tenant) readonly tenant: Tenant) {
      super();
    }
  }
  @Injectable()
  class TenantClaims extends ClaimsProvider {
    constructor(@Inject(Tenant) readonly tenant: Tenant) {
      super();
    }
  }
  @Injectable()
  class TenantSettings {
    constructor(@Inject(Tenant) readonly tenant: Tenant) {}
    createJwtoOptions(): JwtoOptions {
      return { signingKey: SIGNING_KEY };
    }
  }
  const TENANT_SOURCE = Symbol('of a tenant');
  const tenantSource = {
    provide: TENANT_SOURCE,
    useFactory: (source: DataSource) => source,
    inject: [DataSource, Tenant],
  };
  @Module({
    providers: [Tenant, TenantUsers, TenantSettings, tenantSource],
    exports: [Tenant, TenantUsers, TenantSettings, TENANT_SOURCE],
  })
  class TenantModule {}

  const given = { signingKey: SIGNING_KEY, users: TestUsers as Type<UserProvider>, imports: [TenantModule] };
  it.each([
    ['users', () => JwtoModule.forRoot({ ...given, users: TenantUsers })],
    ['users', () => JwtoModule.forRoot({ ...given, users: { useExisting: TenantUsers } })],
    ['claims', () => JwtoModule.forRoot({ ...given, claims: TenantClaims })],
    [
      'settings',
      () =>
        JwtoModule.forRootAsync({
          users: TestUsers,
          imports: [TenantModule],
          inject: [Tenant],
          useFactory: () => ({ signingKey: SIGNING_KEY }),
        }),
    ],
    ['users', () => JwtoModule.forRoot({ ...given, users: { useFactory: () => new TestUsers(), inject: [Tenant] } })],
    ['dataSource', () => JwtoModule.forRoot({ ...given, dataSource: TENANT_SOURCE })],
    [
      'settings',
      () => JwtoModule.forRootAsync({ users: TestUsers, imports: [TenantModule], useClass: TenantSettings }),
    ],
    [
      'settings',
      () => JwtoModule.forRootAsync({ users: TestUsers, imports: [TenantModule], useExisting: TenantSettings }),
    ],
  ])('%s', async (setting, module) => {
    const starts = [
      () => start({ imports: [module()] }),
      // A worker, a script, a microservice.
      () =>
        Test.createTestingModule({ imports: [TypeOrmModule.forRoot(SQLITE.options()), module()] })
          .compile()
          .then((made) => made.init()),
    ];
    for (const run of starts) {
      const { message } = await startError(run);
      expect(message).toMatch(new RegExp(`${setting} must be singletons`));
      expect(message).toContain('request-scoped');
    }
  });
});

describe('ids that JSON does not know', () => {
  const HEX = '65f2a1b4c3d2e1f0a9b8c7d6';
  it.each<[string, SignInUser['id'], string]>([
    ['a BigInt', 9_007_199_254_740_993n, '9007199254740993'],
    ['an ObjectId', { toHexString: () => HEX, toString: () => HEX } as SignInUser['id'], HEX],
  ])('are their text: %s', async (_what, id, text) => {
    const test = await startApp();
    const user = { ...test.users.named('bob'), id };
    vi.spyOn(test.users, 'authenticate').mockReturnValue(user);
    const findById = vi.spyOn(test.users, 'findById').mockReturnValue(user);
    const client = test.client();
    const { refresh, access } = (await client.login('bob')).json;
    expect(test.tokens.decode(access ?? '').payload).toMatchObject({ sub: text, user: { id: text } });
    client.bearer = refresh;
    expect((await client.refresh('refresh_access')).status).toBe(200);
    expect(findById).toHaveBeenCalledWith(text);
    expect(await test.tokens.listSessions(text)).toHaveLength(1);
    expect(await test.tokens.revokeUser(text)).toBe(1);
    await test.close();
  });
});
