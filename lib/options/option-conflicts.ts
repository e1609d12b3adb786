import type { SettingProblem } from '../errors/configuration-error.js';
import { parseDuration } from './duration.js';
import type { JwtoOptions } from './jwto-options.js';
import { resolveOptions } from './resolve-options.js';

/** Settings that are right each by itself and wrong together. */
export function checkTogether(options: JwtoOptions): SettingProblem[] {
  const problems: SettingProblem[] = [];
  const refuse = (setting: string, got: string, accepts: string): number => problems.push({ setting, got, accepts });

  if (options.secureCookies === false) {
    if (options.sameSite === 'None')
      refuse('secureCookies', 'false', 'sameSite None needs Secure: browsers drop such cookies');
    if (options.cookiePrefix === 'host')
      refuse('secureCookies', 'false', 'cookiePrefix "host" needs Secure: browsers drop such cookies');
    if (process.env['NODE_ENV'] === 'production') {
      refuse(
        'secureCookies',
        'false',
        'with NODE_ENV=production cookies must be Secure: serve https, or leave the setting out',
      );
    }
  }
  if (options.cookiePrefix === 'host' && options.domain !== undefined) {
    refuse(
      'domain',
      JSON.stringify(options.domain),
      'a cookie with the prefix __Host- has no Domain: leave one of the two out',
    );
  }
  if (options.sameSite === 'None' && options.csrf === false) {
    refuse('csrf', 'false', 'sameSite None sends cookies from every site, so csrf must stay on');
  }
  const { pollInterval, maxStaleness } = resolveOptions(options);
  if (maxStaleness < pollInterval) {
    refuse(
      'maxStaleness',
      `${String(maxStaleness)} seconds`,
      'it must be at least pollInterval, or the copy is always too old',
    );
  }
  const nbf = parseDuration(options.nbfLifetime ?? 0) ?? 0;
  if (nbf > 0 && nbf >= resolveOptions(options).accessTokenLifetime) {
    refuse(
      'nbfLifetime',
      JSON.stringify(options.nbfLifetime),
      'it must be shorter than accessTokenLifetime, or no access token is ever valid',
    );
  }
  const paths = Object.values(resolvedPaths(options));
  const twice = paths.find((path, index) => paths.indexOf(path) !== index);
  if (twice !== undefined) refuse('endpoints', JSON.stringify(twice), 'each endpoint needs a path of its own');
  return problems;
}

function resolvedPaths(options: JwtoOptions): Record<string, string> {
  const { endpoints, refreshCookiePath } = resolveOptions(options);
  const below = new Set(['validateRefresh', 'refreshAccess', 'updateRefresh', 'logout']);
  const paths: Record<string, string> = {};
  for (const [name, path] of Object.entries(endpoints)) {
    if (path !== false) paths[name] = below.has(name) ? `${refreshCookiePath}/${path}` : path;
  }
  return paths;
}
