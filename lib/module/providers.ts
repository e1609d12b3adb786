import { Scope, type DynamicModule, type FactoryProvider, type InjectionToken, type Provider } from '@nestjs/common';
import { HttpAdapterHost, ModuleRef } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { Clock } from '../clock/clock.js';
import { createController, mapRoutes } from '../endpoints/controller.js';
import { Endpoints } from '../endpoints/endpoints.js';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import { EventForwarder } from '../events/event-forwarder.js';
import { JwtoEvents } from '../events/jwto-events.js';
import { DEFAULT_INSTANCE, instanceToken } from '../authentication/instance.js';
import { JwtoGuardModule } from '../guards/jwto-guard.module.js';
import { Hooks } from '../hooks/hooks.js';
import { getEventsToken, getJwtServiceToken, getTokenServiceToken, getTokenTransportToken } from './injection.js';
import { provide, type JwtoModuleExtras } from './module-options.js';
import { readSettings, type Settings } from './settings.js';
import { wire, type Wiring } from './wiring.js';
import type { JwtoOptions } from '../options/jwto-options.js';
import { KeyFeed } from '../keys/key-feed.js';
import { Purger } from '../revocation/purger.js';
import { RevocationReplica } from '../revocation/revocation-replica.js';
import { Settlements } from '../sign-in/settlements.js';
import { DatabaseClock } from '../store/database-clock.js';
import { ClaimsProvider } from '../users/claims-provider.js';
import { UserDirectory } from '../users/user-directory.js';

/** The parts of the module instance, as {@link wire} joined them. */
export const WIRING = Symbol('jwto.wiring');
/** By setting: under which token the module has what the application gave it. */
export const APPLICATION_TOKENS = Symbol('jwto.application-tokens');
const SETTINGS = Symbol('jwto.settings');
const DATA_SOURCE = Symbol('jwto.data-source');

/** Where the settings come from. What it gives is read and let go: no provider keeps the text of a key. */
export interface OptionsSource {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what Nest's own FactoryProvider says
  useFactory: (...dependencies: any[]) => JwtoOptions | Promise<JwtoOptions>;
  inject?: FactoryProvider['inject'] | undefined;
  /** What `inject` needs beside the module's imports. */
  providers?: Provider[];
}

/**
 * The one place where both ways of registering come together.
 *
 * Everything that the application may inject is provided under the instance's own tokens only, which are the classes for
 * the instance without a name: `app.get(TokenService)` looks into every module and would find a named one's as well.
 *
 * @param unknownNames - of `forRootAsync`: what stands beside the factory and is no setting of the module
 */
export function assemble(
  extras: JwtoModuleExtras,
  unknownNames: readonly string[],
  source: OptionsSource,
): Omit<DynamicModule, 'module'> {
  const name = extras.name ?? DEFAULT_INSTANCE;
  const controller = createController();
  const [users, claims] = [`jwto:users:${name}`, `jwto:claims:${name}`];
  const events = getEventsToken(name);
  const part = (token: InjectionToken, pick: (wiring: Wiring) => unknown): Provider => ({
    provide: token,
    useFactory: pick,
    inject: [WIRING],
  });
  const ownTokens = [
    getTokenServiceToken(name),
    getTokenTransportToken(name),
    events,
    getJwtServiceToken(name),
  ] as const;
  return {
    global: extras.isGlobal ?? true,
    imports: [JwtoGuardModule, ...(extras.imports ?? [])],
    controllers: [controller],
    providers: [
      ...(source.providers ?? []),
      {
        provide: SETTINGS,
        useFactory: async (...dependencies: unknown[]) => {
          const settings = await readSettings(await source.useFactory(...dependencies), extras, unknownNames);
          mapRoutes(controller, name, settings.options);
          return settings;
        },
        inject: source.inject ?? [],
      },
      dataSourceProvider(extras),
      provide(claims, extras.claims ?? ClaimsProvider),
      ...(extras.users === undefined ? [] : [provide(users, extras.users)]),
      Clock,
      EventForwarder,
      Hooks,
      {
        provide: events,
        useFactory: (clock: Clock, forwarder: EventForwarder) => new JwtoEvents(clock, forwarder, name),
        inject: [Clock, EventForwarder],
      },
      {
        provide: WIRING,
        useFactory: (...[settings, dataSource, clock, bus, adapterHost, modules, hooks]: WiringDependencies) =>
          wire({
            name,
            settings,
            dataSource,
            clock,
            events: bus,
            adapterHost,
            hooks,
            users: new UserDirectory(hooks, {
              claims: lazily(modules, claims),
              users: extras.users === undefined ? undefined : lazily(modules, users),
            }),
          }),
        inject: [SETTINGS, DATA_SOURCE, Clock, events, HttpAdapterHost, ModuleRef, Hooks],
      },
      {
        provide: APPLICATION_TOKENS,
        useValue: { settings: SETTINGS, dataSource: DATA_SOURCE, claims, ...(extras.users && { users }) },
      },
      part(instanceToken(name), ({ instance }) => instance),
      part(Endpoints, ({ endpoints }) => endpoints),
      part(Purger, ({ purger }) => purger),
      part(Settlements, ({ settlements }) => settlements),
      part(DatabaseClock, ({ databaseClock }) => databaseClock),
      part(RevocationReplica, ({ replica }) => replica ?? null),
      part(KeyFeed, ({ keyFeed }) => keyFeed ?? null),
      part(ownTokens[0], ({ tokens }) => tokens),
      part(ownTokens[1], ({ transport }) => transport),
      part(ownTokens[3], ({ jwt }) => jwt),
    ],
    exports: [JwtoGuardModule, ...ownTokens],
  };
}

type WiringDependencies = [Settings, DataSource, Clock, JwtoEvents, HttpAdapterHost, ModuleRef, Hooks];

/** A class of the application's, once the graph stands. */
function lazily<T>(modules: ModuleRef, token: string): () => Promise<T> {
  let found: Promise<T> | undefined;
  const find = (): Promise<T> =>
    modules.introspect(token).scope === Scope.TRANSIENT
      ? modules.resolve<T>(token)
      : Promise.resolve(modules.get<T>(token));
  return () => (found ??= find());
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
      const what =
        dataSource === DataSource ? 'a TypeORM DataSource' : 'the DataSource that the dataSource option names';
      throw new JwtoConfigurationError(
        `it needs ${what}: import TypeOrmModule.forRoot(…), or give the dataSource option`,
      );
    },
    inject: [SETTINGS, ...tokens.map((token) => ({ token, optional: true }))],
  };
}
