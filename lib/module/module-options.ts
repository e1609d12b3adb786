import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Provider, Type } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { JwtoOptions } from '../options/jwto-options.js';
import { copyEnvSource } from '../options/env-source.js';
import { OPTION_MEMBERS } from '../options/option-rules.js';
import { readOnce } from '../options/read-once.js';
import type { JwtoStore } from '../store/jwto-store.js';
import type { ClaimsProvider } from '../users/claims-provider.js';
import type { UserProvider } from '../users/user-provider.js';

/**
 * Where an implementation comes from: a class, which the module makes itself with what `imports` give it, or any other
 * kind of Nest provider without its token.
 *
 * @example
 * ```ts
 * users: UsersService                                              // a class of its own
 * users: { useExisting: UsersService }, imports: [UsersModule]     // the application's
 * users: { useFactory: (http: HttpService) => new RemoteUsers(http), inject: [HttpService] }
 * ```
 */
export type ProviderSource<T> =
  | Type<T>
  | { useClass: Type<T> }
  | { useExisting: InjectionToken }
  | { useValue: T }
  | {
      useFactory: (...dependencies: never[]) => T | Promise<T>;
      inject?: (InjectionToken | OptionalFactoryDependency)[];
    };

/** What shapes the module itself, and so cannot come from an async factory. */
export interface JwtoModuleExtras {
  /** Tells instances of one application apart; letters, digits and `-`. @defaultValue none */
  name?: string | undefined;
  /** Whether other modules need not import it. @defaultValue `true` */
  isGlobal?: boolean | undefined;
  /** Modules that export what `users`, `claims` and the options factory inject. */
  imports?: ModuleMetadata['imports'] | undefined;
  /** The application's users. Needed wherever tokens are issued. */
  users?: ProviderSource<UserProvider> | undefined;
  /** Adds claims to tokens. @defaultValue adds none */
  claims?: ProviderSource<ClaimsProvider> | undefined;
  /** The TypeORM data source: itself, its injection token, or the name that \@nestjs/typeorm knows it by. @defaultValue the application's own */
  dataSource?: DataSource | InjectionToken | undefined;
  /**
   * Where sessions and revocations are kept: `'memory'` for tests and prototypes, or a {@link JwtoStore} of your own.
   *
   * @defaultValue the application's TypeORM data source
   */
  store?: 'memory' | ProviderSource<JwtoStore> | undefined;
}

/** Options of `JwtoModule.forRoot`. */
export type JwtoModuleOptions = JwtoOptions & JwtoModuleExtras;

/** A class that gives the settings, for `forRootAsync({ useClass })`. */
export interface JwtoOptionsFactory {
  createJwtoOptions(): JwtoOptions | Promise<JwtoOptions>;
}

/** Options of `JwtoModule.forRootAsync`: one of `useFactory`, `useClass` and `useExisting`. */
export interface JwtoModuleAsyncOptions extends JwtoModuleExtras {
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- what Nest's own FactoryProvider says
  useFactory?: ((...dependencies: any[]) => JwtoOptions | Promise<JwtoOptions>) | undefined;
  inject?: (InjectionToken | OptionalFactoryDependency)[] | undefined;
  useClass?: Type<JwtoOptionsFactory> | undefined;
  useExisting?: Type<JwtoOptionsFactory> | undefined;
}

/** A provider of `token` from a {@link ProviderSource}. */
export function provide<T>(token: InjectionToken, source: ProviderSource<T>): Provider {
  return typeof source === 'function'
    ? { provide: token, useClass: source }
    : ({ ...source, provide: token } as Provider);
}

const EXTRAS = {
  name: null,
  isGlobal: null,
  imports: null,
  users: null,
  claims: null,
  dataSource: null,
  store: null,
} satisfies Record<keyof JwtoModuleExtras, null>;
const SOURCES = { useFactory: null, inject: null, useClass: null, useExisting: null } satisfies Record<
  Exclude<keyof JwtoModuleAsyncOptions, keyof JwtoModuleExtras>,
  null
>;

/** The options of `forRoot`, each read once: what shapes the module, and the settings with whatever is none. */
export function splitOptions(given: JwtoModuleOptions): { extras: JwtoModuleExtras; options: JwtoOptions } {
  const read: JwtoModuleOptions = readOnce(given, { ...OPTION_MEMBERS, ...EXTRAS });
  const { name, isGlobal, imports, users, claims, dataSource, store, ...options } = read;
  copyEnvSource(given, options);
  return { extras: { name, isGlobal, imports, users, claims, dataSource, store }, options };
}

/** The options of `forRootAsync`, each read once: what shapes the module, the source of the settings, and the names of the rest. */
export function splitAsyncOptions(given: JwtoModuleAsyncOptions): {
  extras: JwtoModuleExtras;
  source: Omit<JwtoModuleAsyncOptions, keyof JwtoModuleExtras>;
  unknownNames: string[];
} {
  const read: JwtoModuleAsyncOptions = readOnce(given, { ...EXTRAS, ...SOURCES });
  const {
    name,
    isGlobal,
    imports,
    users,
    claims,
    dataSource,
    store,
    useFactory,
    inject,
    useClass,
    useExisting,
    ...rest
  } = read;
  return {
    extras: { name, isGlobal, imports, users, claims, dataSource, store },
    source: { useFactory, inject, useClass, useExisting },
    unknownNames: Object.keys(rest),
  };
}
