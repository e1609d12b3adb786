import type { SettingProblem } from '../errors/configuration-error.js';
import type { JwtoOptions } from './jwto-options.js';
import { resolveOptions, type ResolvedOptions } from './resolve-options.js';

/**
 * Refuses a setting.
 *
 * @param others - the settings without which there would be no conflict, where the default of one may conflict too
 */
export type Refuse = (setting: string, got: string, accepts: string, ...others: (keyof JwtoOptions)[]) => void;

/** Refuses settings that are wrong together. */
export type CheckTogether = (options: ResolvedOptions, refuse: Refuse) => void;

/**
 * Settings that are right each by itself and wrong together.
 *
 * @param wrong - those that are wrong by themselves; what conflicts with them nobody knows
 * @param more - a check of a room above
 */
export function checkTogether(given: JwtoOptions, wrong: ReadonlySet<string>, more: CheckTogether): SettingProblem[] {
  const options = Object.fromEntries(Object.entries(given).filter(([name]) => !wrong.has(name))) as JwtoOptions;
  const problems: SettingProblem[] = [];
  const refuse: Refuse = (setting, got, accepts, ...others) => {
    if (![setting, ...others].some((name) => wrong.has(name))) problems.push({ setting, got, accepts });
  };

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
      'a value beside cookiePrefix',
      'a cookie with the prefix __Host- has no Domain: leave one of the two out',
    );
  }
  if (options.sameSite === 'None' && options.csrf === false) {
    refuse('csrf', 'false', 'sameSite None sends cookies from every site, so csrf must stay on');
  }
  const resolved = resolveOptions(options, { issues: true, named: false });
  const { pollInterval, maxStaleness, nbfLifetime: nbf } = resolved;
  if (maxStaleness < pollInterval) {
    refuse(
      'maxStaleness',
      `${String(maxStaleness)} seconds`,
      'it must be at least pollInterval, or the copy is always too old',
      'pollInterval',
    );
  }
  if (nbf > 0 && nbf >= resolved.accessTokenLifetime) {
    refuse(
      'nbfLifetime',
      `${String(nbf)} seconds`,
      'it must be shorter than accessTokenLifetime, or no access token is ever valid',
      'accessTokenLifetime',
    );
  }
  checkKeysAndTokens(options, resolved, refuse);
  const { refreshCookiePath: folder, refreshPath, accessTokenLifetime, refreshTokenLifetime } = resolved;
  if (folder !== '' && refreshPath !== folder && !refreshPath.startsWith(`${folder}/`)) {
    refuse(
      'refreshPath',
      'a path outside of refreshCookiePath',
      'browsers send the refresh cookie to refreshCookiePath and below only: choose a path there, or another cookie path',
      'refreshCookiePath',
    );
  }
  if (accessTokenLifetime > refreshTokenLifetime) {
    refuse(
      'accessTokenLifetime',
      `${String(accessTokenLifetime)} seconds`,
      'it must not be longer than refreshTokenLifetime, or an access token outlives what renews it',
      'refreshTokenLifetime',
    );
  }
  more(resolved, refuse);
  return problems;
}

function checkKeysAndTokens(options: JwtoOptions, resolved: ResolvedOptions, refuse: Refuse): void {
  if (options.keys !== undefined) {
    for (const name of ['signingKey', 'verifyingKey', 'algorithm'] as const) {
      if (options[name] !== undefined) refuse(name, 'a value beside keys', 'the keys say it: leave it out');
    }
  }
  if (options.keyPollInterval !== undefined && typeof options.keys !== 'function') {
    refuse(
      'keyPollInterval',
      `${String(resolved.keyPollInterval)} seconds`,
      'only a function in keys is called again',
      'keys',
    );
  }
  const { acceptedAudiences, acceptedIssuers, issuers } = resolved;
  if (resolved.strictAudience && (acceptedAudiences.length !== 1 || typeof options.aud === 'object')) {
    refuse(
      'strictAudience',
      `true with ${String(acceptedAudiences.length)} audiences${typeof options.aud === 'object' ? ', as a list' : ''}`,
      'it needs exactly one, as a text in aud or alone in acceptedAudiences',
      'aud',
      'acceptedAudiences',
    );
  }
  const names = issuers.map(({ issuer }) => issuer);
  const twice = names.findIndex((name, index) => names.indexOf(name) !== index || acceptedIssuers.includes(name));
  if (twice !== -1)
    refuse('issuers', `a known issuer in issuers[${String(twice)}]`, 'each issuer once, and none that is our own');
  if (issuers.length > 0 && !resolved.modes.includes('JSON')) {
    refuse('issuers', 'no JSON in mode', 'their tokens come in the Authorization header: add JSON to mode');
  }
}
