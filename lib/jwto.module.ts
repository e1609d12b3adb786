import {
  Inject,
  Module,
  type DynamicModule,
  type InjectionToken,
  type NestModule,
  type OnApplicationBootstrap,
  type Provider,
  type Type,
} from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { JwtService } from '@nestjs/jwt';
import { DataSource } from 'typeorm';
import { Clock } from './clock/clock.js';
import { createController, mapRoutes } from './endpoints/controller.js';
import { Endpoints } from './endpoints/endpoints.js';
import { registerInstance } from './endpoints/instance-registry.js';
import { hookRouter, type RouterHook } from './endpoints/router-hook.js';
import { JwtoConfigurationError } from './errors/configuration-error.js';
import { EventForwarder } from './events/event-forwarder.js';
import { JwtoEvents } from './events/jwto-events.js';
import { DEFAULT_INSTANCE, instanceToken } from './guards/instance.js';
import { registerStrategy } from './guards/jwto.strategy.js';
import {
  provide,
  type JwtoModuleAsyncOptions,
  type JwtoModuleExtras,
  type JwtoModuleOptions,
  type JwtoOptionsFactory,
} from './jwto-module-options.js';
import { readSettings, type Settings } from './jwto.settings.js';
import { wire, type Wiring } from './jwto.wiring.js';
import type { JwtoOptions } from './options/jwto-options.js';
import { Purger } from './sign-in/purger.js';
import { TokenService } from './sign-in/token-service.js';
import { TokenTransport } from './transports/token-transport.js';
import { ClaimsProvider } from './users/claims-provider.js';
import { UserDirectory } from './users/user-directory.js';
import { UserProvider } from './users/user-provider.js';
import { getEventsToken, getTokenServiceToken, getTokenTransportToken } from './injection.js';

const OPTIONS = Symbol('jwto.options');
const SETTINGS = Symbol('jwto.settings');
const DATA_SOURCE = Symbol('jwto.data-source');
const WIRING = Symbol('jwto.wiring');
const CONTROLLERS = Symbol('jwto.controllers');

type Controllers = readonly [plain: Type, trailingSlash: Type];

/**
 * JWT sign-in for a Nest application: its endpoints, guards, sessions and revocation.
 *
 * @example
 * ```ts
 * @Module({
 *   imports: [
 *     TypeOrmModule.forRoot({ ...db, entities: [...jwtoEntities], migrations: [...jwtoMigrations], migrationsRun: true }),
 *     JwtoModule.forRoot({ signingKey: process.env.SIGNING_KEY, users: UsersService }),
 *   ],
 * })
 * export class AppModule {}
 * ```
 */
@Module({})
export class JwtoModule implements NestModule, OnApplicationBootstrap {
  private hook: RouterHook | undefined;

  /** @internal */
  constructor(
    @Inject(WIRING) private readonly wiring: Wiring,
    @Inject(CONTROLLERS) private readonly controllers: Controllers,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /**
   * Registers the module with settings that are known now.
   *
   * A wrong or unknown setting, a missing entity or table, or an unreachable database stops the start with a
   * `JwtoConfigurationError`.
   */
  static forRoot({ name, isGlobal, imports, users, claims, dataSource, ...options }: JwtoModuleOptions): DynamicModule {
    const extras = { name, isGlobal, imports, users, claims, dataSource };
    return assemble(extras, [], [{ provide: OPTIONS, useValue: options }]);
  }

  /**
   * Registers the module with settings from a factory, a class, or another module.
   *
   * @example
   * ```ts
   * JwtoModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ signingKey: config.getOrThrow('SIGNING_KEY') }),
   *   users: UsersService,
   * })
   * ```
   */
  static forRootAsync(asyncOptions: JwtoModuleAsyncOptions): DynamicModule {
    const { useFactory, inject, useClass, useExisting, ...rest } = asyncOptions;
    const { name, isGlobal, imports, users, claims, dataSource, ...unknown } = rest;
    const extras = { name, isGlobal, imports, users, claims, dataSource };
    const unknownNames = Object.keys(unknown);
    if (useFactory !== undefined)
      return assemble(extras, unknownNames, [{ provide: OPTIONS, useFactory, inject: inject ?? [] }]);
    const factory = useExisting ?? useClass;
    if (factory === undefined) {
      throw new JwtoConfigurationError('forRootAsync needs one of useFactory, useClass and useExisting');
    }
    const options: Provider = {
      provide: OPTIONS,
      useFactory: (source: JwtoOptionsFactory) => source.createJwtoOptions(),
      inject: [factory],
    };
    return assemble(extras, unknownNames, useExisting === undefined ? [factory, options] : [options]);
  }

  /** Gives the controllers their routes; Nest calls it once the adapter is there and before routes are mapped. */
  configure(): void {
    const { instance, settings } = this.wiring;
    const adapter = this.adapterHost.httpAdapter;
    registerInstance(adapter, instance.name, settings.options, settings.keys.key);
    this.hook = hookRouter(adapter);
    const [plain, trailingSlash] = this.controllers;
    mapRoutes(plain, instance.name, settings.options, false);
    if (this.hook.tellsTrailingSlash) mapRoutes(trailingSlash, instance.name, settings.options, true);
  }

  /** Once the routes are mapped, the Path of the refresh cookie can be read from them. */
  onApplicationBootstrap(): void {
    if (this.hook === undefined) return;
    const { instance, refreshPath } = this.wiring;
    const own = this.hook.mappedRoutes().filter((route) => route.instance === instance.name);
    refreshPath.learn(
      own.flatMap(({ leaf, mapped }) =>
        leaf === undefined ? [] : [mapped.replace(/\/+$/, '').slice(0, -leaf.length - 1)],
      ),
    );
    registerStrategy(this.adapterHost.httpAdapter.getInstance(), instance);
  }
}

/**
 * The one place where both ways of registering come together.
 *
 * @param unknownNames - of `forRootAsync`: what stands beside the factory and is no setting of the module
 */
function assemble(
  extras: JwtoModuleExtras,
  unknownNames: readonly string[],
  optionProviders: Provider[],
): DynamicModule {
  const name = extras.name ?? DEFAULT_INSTANCE;
  const controllers: Controllers = [createController(), createController()];
  const part = (token: InjectionToken, pick: (wiring: Wiring) => unknown): Provider => ({
    provide: token,
    useFactory: pick,
    inject: [WIRING],
  });
  const alias = (token: InjectionToken, existing: Type): Provider => ({ provide: token, useExisting: existing });
  const isDefault = name === DEFAULT_INSTANCE;
  return {
    module: JwtoModule,
    global: extras.isGlobal ?? true,
    imports: extras.imports ?? [],
    controllers: [...controllers],
    providers: [
      ...optionProviders,
      {
        provide: SETTINGS,
        useFactory: (options: JwtoOptions) => readSettings(options, extras, unknownNames),
        inject: [OPTIONS],
      },
      dataSourceProvider(extras),
      provide(ClaimsProvider, extras.claims ?? ClaimsProvider),
      ...(extras.users === undefined ? [] : [provide(UserProvider, extras.users)]),
      Clock,
      EventForwarder,
      JwtoEvents,
      UserDirectory,
      {
        provide: WIRING,
        useFactory: (
          settings: Settings,
          dataSource: DataSource,
          clock: Clock,
          events: JwtoEvents,
          users: UserDirectory,
          adapterHost: HttpAdapterHost,
        ) => wire({ name, settings, dataSource, clock, events, users, adapterHost }),
        inject: [SETTINGS, DATA_SOURCE, Clock, JwtoEvents, UserDirectory, HttpAdapterHost],
      },
      { provide: CONTROLLERS, useValue: controllers },
      part(instanceToken(name), ({ instance }) => instance),
      part(TokenService, ({ tokens }) => tokens),
      part(TokenTransport, ({ transport }) => transport),
      part(Endpoints, ({ endpoints }) => endpoints),
      part(Purger, ({ purger }) => purger),
      part(JwtService, ({ jwt }) => jwt),
      ...(isDefault
        ? []
        : [
            alias(getTokenServiceToken(name), TokenService),
            alias(getTokenTransportToken(name), TokenTransport),
            alias(getEventsToken(name), JwtoEvents),
          ]),
    ],
    // A named instance exports under its own tokens only, so that it never takes the place of the one without a name.
    exports: isDefault
      ? [TokenService, TokenTransport, JwtoEvents, JwtService]
      : [getTokenServiceToken(name), getTokenTransportToken(name), getEventsToken(name)],
  };
}

/** Asks for the settings first, so that wrong ones are told before a missing data source. */
function dataSourceProvider({ dataSource = DataSource }: JwtoModuleExtras): Provider {
  if (typeof dataSource === 'object') return { provide: DATA_SOURCE, useValue: dataSource };
  const named: InjectionToken[] = typeof dataSource === 'string' ? [`${dataSource}DataSource`] : [];
  const tokens: InjectionToken[] = [dataSource, ...named];
  return {
    provide: DATA_SOURCE,
    useFactory: (_settings: Settings, ...found: (DataSource | undefined)[]) => {
      const source = found.find((one) => one !== undefined);
      if (source !== undefined) return source;
      const what = dataSource === DataSource ? 'a TypeORM DataSource' : `the DataSource ${String(dataSource)}`;
      throw new JwtoConfigurationError(
        `it needs ${what}: import TypeOrmModule.forRoot(…), or give the dataSource option`,
      );
    },
    inject: [SETTINGS, ...tokens.map((token) => ({ token, optional: true }))],
  };
}
