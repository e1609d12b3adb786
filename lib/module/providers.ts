import type { DynamicModule, FactoryProvider, Provider } from '@nestjs/common';
import { Authenticator } from '../authentication/authenticator.js';
import { DEFAULT_INSTANCE, instanceToken, type JwtoInstance } from '../authentication/instance.js';
import { Clock } from '../clock/clock.js';
import { Timekeeper } from '../clock/timekeeper.js';
import { Refusals } from '../credentials/refusal.js';
import { TokenTransport, TRANSPORT } from '../credentials/token-transport.js';
import { createController, mapRoutes } from '../endpoints/controller.js';
import { EventForwarder } from '../events/event-forwarder.js';
import { EVENTS, JwtoEvents } from '../events/jwto-events.js';
import { JwtoGuardModule } from '../guards/jwto-guard.module.js';
import { Hooks } from '../hooks/hooks.js';
import { KeyRing } from '../keys/key-ring.js';
import { INSTANCE_NAME, OPTIONS } from '../options/injection-keys.js';
import type { JwtoOptions } from '../options/jwto-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { Purger } from '../revocation/purger.js';
import { RevocationCheck } from '../revocation/revocation-check.js';
import { TokenService, TOKENS } from '../sign-in/token-service.js';
import { JwtoStore } from '../store/jwto-store.js';
import { RevocationStore } from '../store/revocation-store.js';
import { SessionStore } from '../store/session-store.js';
import { DatabaseClock } from '../store/database-clock.js';
import { createJwtService, JWT } from '../tokens/jwt-service.js';
import { ClaimsProvider } from '../users/claims-provider.js';
import { applicationTokens } from './application-tokens.js';
import { getEventsToken, getJwtServiceToken, getTokenServiceToken, getTokenTransportToken } from './injection.js';
import { provide, type JwtoModuleExtras } from './module-options.js';
import { DATA_SOURCE, part, SETTINGS, STORES } from './part.js';
import { storeProviders } from './store-provider.js';
import { requestProviders } from './requests.js';
import { readSettings } from './settings.js';
import { signInProviders } from './sign-in.js';
import { openStores } from './stores.js';
import { tokenProviders } from './tokens.js';

/** By setting: under which token the module has what the application gave it. */
export const APPLICATION_TOKENS = Symbol('jwto.application-tokens');

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
 * the instance without a name: `app.get(TokenService)` looks into every module and would find a named one's as well. The
 * other parts are under their classes in each instance's module, which exports none of them.
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
  const given = applicationTokens(extras);
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
      part(OPTIONS, { settings: SETTINGS }, ({ settings }) => settings.options),
      { provide: INSTANCE_NAME, useValue: name },
      ...storeProviders(extras),
      provide(given.claims, extras.claims ?? ClaimsProvider),
      ...(given.users === undefined || extras.users === undefined ? [] : [provide(given.users, extras.users)]),
      {
        provide: APPLICATION_TOKENS,
        useValue: {
          settings: SETTINGS,
          ...(extras.store === undefined ? { dataSource: DATA_SOURCE } : { store: JwtoStore }),
          ...given,
        },
      },
      Clock,
      Hooks,
      EventForwarder,
      ...keptProviders,
      ...tokenProviders,
      ...signInProviders(given),
      ...requestProviders,
      ...publicProviders(name),
    ],
    exports: [
      JwtoGuardModule,
      getTokenServiceToken(name),
      getTokenTransportToken(name),
      getEventsToken(name),
      getJwtServiceToken(name),
    ],
  };
}

/** What a module instance keeps in its store. Each stands under one key, so that Nest calls its hooks once. */
const keptProviders: readonly Provider[] = [
  part(STORES, { name: INSTANCE_NAME, options: OPTIONS, store: JwtoStore, clock: Clock, keys: KeyRing }, openStores),
  part(DatabaseClock, { stores: STORES }, ({ stores }) => stores.databaseClock),
  { provide: Timekeeper, useExisting: DatabaseClock },
  part(RevocationStore, { stores: STORES }, ({ stores }) => stores.blocklist),
  part(SessionStore, { stores: STORES }, ({ stores }) => stores.sessions),
  part(RevocationCheck, { stores: STORES }, ({ stores }) => stores.revocations),
  part(Purger, { stores: STORES }, ({ stores }) => stores.purger),
];

/** What the application injects. The rooms find it by keys that are the same in each instance, and so what a test provides. */
function publicProviders(name: string): Provider[] {
  return [
    { provide: getEventsToken(name), useClass: JwtoEvents },
    { provide: EVENTS, useExisting: getEventsToken(name) },
    { provide: getTokenTransportToken(name), useClass: TokenTransport },
    { provide: TRANSPORT, useExisting: getTokenTransportToken(name) },
    { provide: getTokenServiceToken(name), useClass: TokenService },
    { provide: TOKENS, useExisting: getTokenServiceToken(name) },
    { provide: getJwtServiceToken(name), useFactory: createJwtService, inject: [KeyRing] },
    { provide: JWT, useExisting: getJwtServiceToken(name) },
    {
      provide: instanceToken(name),
      useFactory: (options: ResolvedOptions, authenticator: Authenticator, refusals: Refusals): JwtoInstance => ({
        ...{ name, options, authenticator, refusals },
      }),
      inject: [OPTIONS, Authenticator, Refusals],
    },
  ];
}
