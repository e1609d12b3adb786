import type { RouteMark } from '../http/route-mark.js';
import { ENDPOINT_NAMES, type EndpointName } from '../options/endpoint-paths.js';
import type { Refuse } from '../options/option-conflicts.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { Endpoint } from './endpoint.js';
import { ENDPOINTS } from './endpoint-list.js';

/** An endpoint, and where it is meant to be. */
export interface PlannedRoute {
  readonly setting: EndpointName;
  readonly endpoint: Endpoint;
  readonly mark: RouteMark;
}

/** The routes that the settings leave, in the order of the list. */
export function planRoutes(instance: string, options: ResolvedOptions): PlannedRoute[] {
  return ENDPOINT_NAMES.flatMap((setting) => {
    const path = options.endpoints[setting];
    if (path === false) return [];
    return ENDPOINTS[setting].map((endpoint) => {
      const { method, belowRefreshPath = false, verb } = endpoint;
      const leaf = verb === undefined ? path : `${path}/${verb}`;
      const mark = belowRefreshPath
        ? { path: `${options.refreshPath}/${leaf}`, leaf }
        : { path: leaf, leaf: undefined };
      return { setting, endpoint, mark: { instance, method, ...mark } };
    });
  });
}

/** Refuses settings that give two endpoints one path. Case does not count: routers may ignore it. */
export function refuseSharedPaths(options: ResolvedOptions, refuse: Refuse): void {
  const settings = new Map<string, Set<string>>();
  for (const { setting, mark } of planRoutes('', options)) {
    const path = mark.path.toLowerCase();
    settings.set(path, (settings.get(path) ?? new Set()).add(setting));
  }
  const shared = [...settings.values()].find(({ size }) => size > 1);
  if (shared === undefined) return;
  refuse(
    'endpoints',
    `one path for ${[...shared].join(' and ')}`,
    'each endpoint needs a path of its own',
    'refreshCookiePath',
  );
}
