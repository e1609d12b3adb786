import type { DynamicModule, InjectionToken, Provider, Type } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { JwtService } from '@nestjs/jwt';
import { DataSource } from 'typeorm';
import { Clock } from './clock/clock.js';
import { createController } from './endpoints/controller.js';
import { Endpoints } from './endpoints/endpoints.js';
import { JwtoConfigurationError } from './errors/configuration-error.js';
import { EventForwarder } from './events/event-forwarder.js';
import { JwtoEvents } from './events/jwto-events.js';
import { DEFAULT_INSTANCE, instanceToken } from './guards/instance.js';
import { getEventsToken, getTokenServiceToken, getTokenTransportToken } from './injection.js';
import { provide, type JwtoModuleExtras } from './jwto-module-options.js';
import { readSettings, type Settings } from './jwto.settings.js';
import { wire, type Wiring } from './jwto.wiring.js';
import type { JwtoOptions } from './options/jwto-options.js';
import { Purger } from './sign-in/purger.js';
import { TokenService } from './sign-in/token-service.js';
import { TokenTransport } from './transports/token-transport.js';
import { ClaimsProvider } from './users/claims-provider.js';
import { UserDirectory } from './users/user-directory.js';
import { UserProvider } from './users/user-provider.js';

/** The settings as the application gave them. */
export const OPTIONS = Symbol('jwto.options');
/** The parts of the module instance, as {@link wire} joined them. */
export const WIRING = Symbol('jwto.wiring');
/** The controllers of the module instance. */
export const CONTROLLERS = Symbol('jwto.controllers');
const SETTINGS = Symbol('jwto.settings');
const DATA_SOURCE = Symbol('jwto.data-source');

/** The one whose paths end as they are written, and its twin with a trailing slash. */
export type Controllers = readonly [plain: Type, trailingSlash: Type];

/**
 * The one place where both ways of registering come together.
 *
 * @param unknownNames - of `forRootAsync`: what stands beside the factory and is no setting of the module
 */
export function assemble(
  extras: JwtoModuleExtras,
  unknownNames: readonly string[],
  optionProviders: Provider[],
): Omit<DynamicModule, 'module'> {
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
