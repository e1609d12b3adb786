import type { Abstract, FactoryProvider, Type } from '@nestjs/common';
import type { JwtService } from '@nestjs/jwt';
import type { DataSource } from 'typeorm';
import type { CookieNames, COOKIE_NAMES } from '../credentials/cookie-names.js';
import type { EVENTS, JwtoEvents } from '../events/jwto-events.js';
import type { INSTANCE_NAME, OPTIONS } from '../options/injection-keys.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { SESSION_IDS, SessionIds } from '../tokens/session-id.js';
import type { TokenTransport, TRANSPORT } from '../credentials/token-transport.js';
import type { TokenService, TOKENS } from '../sign-in/token-service.js';
import type { JWT } from '../tokens/jwt-service.js';
import type { Settings } from './settings.js';
import type { Stores } from './stores.js';

/** Under which key a module instance provides its {@link Settings}, its TypeORM data source, and its {@link Stores}. */
export const SETTINGS = Symbol('jwto.settings');
export const DATA_SOURCE = Symbol('jwto.data-source');
export const STORES = Symbol('jwto.stores');

/** What stands under the keys that are no classes. */
interface Keyed {
  [COOKIE_NAMES]: CookieNames;
  [DATA_SOURCE]: DataSource;
  [EVENTS]: JwtoEvents;
  [INSTANCE_NAME]: string;
  [JWT]: JwtService;
  [OPTIONS]: ResolvedOptions;
  [SESSION_IDS]: SessionIds;
  [SETTINGS]: Settings;
  [STORES]: Stores;
  [TOKENS]: TokenService;
  [TRANSPORT]: TokenTransport;
}

type ClassKey = Abstract<unknown> | Type<unknown>;

/** A class, or one of the keys above; in a list of one, where there may be nothing under it. */
type Key = keyof Keyed | ClassKey;

type Under<K> = K extends keyof Keyed ? Keyed[K] : K extends abstract new (...given: never[]) => infer T ? T : never;

/** What a {@link part} is made from, by names of its own. */
type Found<Needs extends Readonly<Record<string, Key | readonly [Key]>>> = {
  [Name in keyof Needs]: Needs[Name] extends readonly [infer K] ? Under<K> | undefined : Under<Needs[Name]>;
};

/**
 * A provider that makes a part of a module instance. The compiler compares what is asked for with what is used.
 *
 * @param provide - under which key the part stands
 * @param needs - by name, the keys of what it is made from; `[Key]` for what may be undefined
 * @param make - makes it, and may do so asynchronously: whoever needs it waits
 *
 * @example `part(Refusals, { options: OPTIONS }, ({ options }) => new Refusals(options))`
 */
export function part<const Needs extends Readonly<Record<string, Key | readonly [Key]>>, const K extends Key>(
  provide: K,
  needs: Needs,
  make: (found: Found<Needs>) => Under<K> | undefined | Promise<Under<K>>,
): FactoryProvider {
  const names = Object.keys(needs);
  return {
    provide: provide as FactoryProvider['provide'],
    useFactory: (...found: unknown[]) =>
      make(Object.fromEntries(names.map((name, index) => [name, found[index]])) as Found<Needs>),
    inject: Object.values(needs).map((key) => (Array.isArray(key) ? key[0] : key) as FactoryProvider['provide']),
  };
}
