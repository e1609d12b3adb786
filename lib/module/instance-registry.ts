import { JwtoConfigurationError } from '../errors/configuration-error.js';
import { DEFAULT_INSTANCE } from '../authentication/instance.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { planRoutes } from '../endpoints/route-plan.js';

interface Registered {
  name: string;
  /** In small letters: Express does not tell them by their case. */
  paths: ReadonlySet<string>;
  /** Empty where the routes are version-neutral, and so answer for every version. */
  versions: readonly string[];
  keys: KeyRing;
}

/** The module instances of each application, by an object that is the application's own. */
const REGISTRY = new WeakMap<object, Map<string, Registered>>();

/**
 * Notes a module instance, and stops the start where two of one application get into each other's way.
 *
 * @param application - any object that the application has one of
 * @throws JwtoConfigurationError naming both instances and what they share
 */
export function registerInstance(application: object, name: string, options: ResolvedOptions, keys: KeyRing): void {
  const instances = REGISTRY.get(application) ?? new Map<string, Registered>();
  REGISTRY.set(application, instances);
  const paths = new Set(planRoutes(name, options).map(({ mark }) => `/${mark.path}`.toLowerCase()));
  const registered = { name, paths, versions: [options.version ?? []].flat(), keys };
  for (const other of instances.values()) assertApart(registered, other);
  instances.set(name, registered);
}

function assertApart(one: Registered, other: Registered): void {
  const label = ({ name }: Registered): string => (name === DEFAULT_INSTANCE ? 'without a name' : `"${name}"`);
  const both = `the JwtoModule ${label(one)} and the one ${label(other)}`;
  if (one.name === other.name) {
    throw new JwtoConfigurationError(
      `JwtoModule is imported twice ${label(one)}: give one of them a name, or import it once`,
    );
  }
  const shared = [...one.paths].find((path) => other.paths.has(path));
  if (shared !== undefined && shareVersion(one, other)) {
    throw new JwtoConfigurationError(
      `${both} share the route ${shared}, which counts without regard to case, and without a version for all of them: ` +
        'set refreshCookiePath and endpoints of one of them',
    );
  }
  if (one.keys.all.some(({ verifying }) => other.keys.all.some((key) => key.verifying.equals(verifying)))) {
    throw new JwtoConfigurationError(
      `${both} have the same key, so each would accept the other's tokens: give each a key of its own`,
    );
  }
}

function shareVersion(one: Registered, other: Registered): boolean {
  const isNeutral = one.versions.length === 0 || other.versions.length === 0;
  return isNeutral || one.versions.some((version) => other.versions.includes(version));
}
