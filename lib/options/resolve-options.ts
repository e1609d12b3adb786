import { ENDPOINT_NAMES, ENDPOINT_PATHS, type EndpointName, type OptionContext } from './endpoint-paths.js';
import type { JwtoOptions, Mode } from './jwto-options.js';
import type { TokenChecks } from './key-options.js';
import { trimSlashes } from './setting-kinds.js';
import { SETTING_ROWS, SETTINGS } from './setting-table.js';

type Table = typeof SETTINGS;
type Name = keyof Table;
/** What `Setting.resolve` makes of a value. */
type Made<N extends Name> = Table[N] extends { resolve: (value: never) => infer Made }
  ? Made
  : NonNullable<JwtoOptions[N]>;
/** `undefined` too where there is no default. */
type Value<N extends Name> = Made<N> | (Table[N] extends { default: unknown } ? never : undefined);

/** The settings that depend on no other one, by the table alone. */
type Independent = { readonly [N in Name as Table[N] extends { isApart: true } ? never : N]: Value<N> };

/** The settings as the rooms read them: complete, durations in seconds, paths without slashes at their ends. */
export interface ResolvedOptions extends Independent {
  readonly modes: readonly [Mode, ...Mode[]];
  /** With `iss`; empty if none is required. */
  readonly acceptedIssuers: readonly string[];
  /** With `aud`; empty if none is required. */
  readonly acceptedAudiences: readonly string[];
  readonly checks: Readonly<Required<{ [Check in keyof TokenChecks]: boolean }>>;
  readonly tokenCache: { readonly entries: number; readonly bytes: number } | undefined;
  readonly refreshPath: string;
  readonly hints: boolean;
  /** `false`, or the path. */
  readonly endpoints: Readonly<Record<EndpointName, string | false>>;
}

/** Every check on, as it is for all tokens but our own. */
export const ALL_CHECKS = { exp: true, nbf: true, iat: true, jti: true, sub: true, iss: true, aud: true };
const TOKEN_CACHE = { entries: 10_000, bytes: 8 * 1024 * 1024 };

/** Fills in the defaults. The settings must have passed `checkOptions`, save for the keys. */
export function resolveOptions(options: JwtoOptions, context: OptionContext): ResolvedOptions {
  const independent = resolveIndependent(options);
  const modes = [options.mode ?? SETTINGS.mode.default].flat() as [Mode, ...Mode[]];
  const { csrf, allowRefreshUpdate } = independent;
  const hasCsrf = csrf !== false && modes.some((mode) => mode !== 'JSON');
  const endpoint = (name: EndpointName): string | false => {
    const own = options.endpoints?.[name];
    const { path, isThere } = ENDPOINT_PATHS[name];
    const hasPath = typeof own === 'string';
    if (own === false || isThere?.({ ...context, allowRefreshUpdate, hasCsrf, hasPath }) === false) return false;
    return hasPath ? trimSlashes(own) : path;
  };
  return {
    ...independent,
    modes,
    acceptedIssuers: [options.iss ?? [], options.acceptedIssuers ?? []].flat(),
    acceptedAudiences: [options.aud ?? [], options.acceptedAudiences ?? []].flat(),
    checks: { ...ALL_CHECKS, ...withoutUndefined(options.checks ?? {}) },
    tokenCache: tokenCache(options.tokenCache),
    refreshPath:
      trimSlashes(options.refreshPath ?? independent.refreshCookiePath) || SETTINGS.refreshCookiePath.default,
    hints: options.hints ?? process.env['NODE_ENV'] === 'development',
    endpoints: Object.fromEntries(ENDPOINT_NAMES.map((name) => [name, endpoint(name)])) as Record<
      EndpointName,
      string | false
    >,
  };
}

function resolveIndependent(options: JwtoOptions): Independent {
  const resolved = SETTING_ROWS.filter(([, { isApart }]) => isApart !== true).map(([name, setting]) => {
    const value = options[name] ?? setting.default;
    return [name, value === undefined || !setting.resolve ? value : setting.resolve(value as never)] as const;
  });
  return Object.fromEntries(resolved) as unknown as Independent;
}

function tokenCache(setting: JwtoOptions['tokenCache']): ResolvedOptions['tokenCache'] {
  if (setting === false) return undefined;
  return { ...TOKEN_CACHE, ...(typeof setting === 'object' && withoutUndefined(setting)) };
}

function withoutUndefined<T extends object>(value: T): { [Name in keyof T]: Exclude<T[Name], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined)) as never;
}
