import type { InjectionToken, ModuleMetadata, OptionalFactoryDependency, Provider, Type } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import type { JwtoOptions } from './options/jwto-options.js';
import type { ClaimsProvider } from './users/claims-provider.js';
import type { UserProvider } from './users/user-provider.js';

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
    : ({ provide: token, ...source } as Provider);
}
