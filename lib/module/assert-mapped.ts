import { JwtoConfigurationError } from '../errors/configuration-error.js';
import type { MappedRoute } from '../http/router-hook.js';

/** What a path may be made of: it stands in a cookie as it is, and requests are compared with it. */
const PLAIN_PATH = /^[\w/.~-]*$/;

/**
 * Refuses what an application has put before our paths, where no path of a cookie can say it: a parameter, a wildcard,
 * or characters that need an encoding.
 *
 * @param routes - those of an instance that were found in the adapter's router
 * @param planned - how many it has
 * @throws JwtoConfigurationError with what to do
 */
export function assertMapped(routes: readonly MappedRoute[], planned: number): void {
  const odd = routes.find(({ mapped }) => !PLAIN_PATH.test(mapped));
  // For a path with parameters Nest hands another function to Fastify than the handler, which then is not found.
  if (odd === undefined && routes.length >= planned) return;
  const which =
    odd === undefined ? 'they were not found in the router' : `one was mapped to ${JSON.stringify(odd.mapped)}`;
  throw new JwtoConfigurationError(
    `the endpoints of jwto need plain paths, and ${which}: a global prefix, version or module path with parameters, ` +
      'wildcards or characters outside of ASCII cannot be the Path of a cookie. Leave them out of it, for instance ' +
      "setGlobalPrefix(':tenant', { exclude: ['login', 'api/token/refresh/*path', …] })",
  );
}
