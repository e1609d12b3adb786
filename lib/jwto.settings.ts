import { Logger } from '@nestjs/common';
import { JwtoConfigurationError, type SettingProblem } from './errors/configuration-error.js';
import type { JwtoModuleExtras } from './jwto-module-options.js';
import { loadKeys, type LoadedKeys } from './keys/load-keys.js';
import { checkOptions } from './options/option-rules.js';
import { resolveOptions } from './options/resolve-options.js';
import type { JwtoOptions, ResolvedOptions } from './options/jwto-options.js';

/** Everything that was set, checked and complete. */
export interface Settings {
  readonly options: ResolvedOptions;
  readonly keys: LoadedKeys;
}

/**
 * Checks the settings and parses the keys; what to warn of is logged.
 *
 * @throws JwtoConfigurationError naming everything that is wrong
 */
export function readSettings(
  options: JwtoOptions,
  { name, users }: JwtoModuleExtras,
  unknownNames: readonly string[],
): Settings {
  const given: unknown = options;
  if (typeof given !== 'object' || given === null)
    throw new JwtoConfigurationError('the options factory returned no options');
  const problems: SettingProblem[] = checkOptions(options);
  for (const setting of unknownNames) {
    problems.push({
      setting,
      got: 'a value',
      accepts: 'there is no such setting here; settings come from the factory',
    });
  }
  if (name !== undefined && !/^[a-z][a-z0-9-]{0,31}$/i.test(name)) {
    problems.push({
      setting: 'name',
      got: JSON.stringify(name),
      accepts: 'accepts letters, digits and "-", from a letter on',
    });
  }
  if (users === undefined && options.signingKey !== undefined) {
    problems.push({ setting: 'users', got: 'nothing', accepts: 'give a class that extends UserProvider' });
  }
  const keys = canLoadKeys(options, problems) ? loadKeys(options) : [];
  if (Array.isArray(keys)) throw new JwtoConfigurationError([...problems, ...keys]);
  if (problems.length > 0) throw new JwtoConfigurationError(problems);

  const logger = new Logger('Jwto');
  for (const warning of keys.warnings) logger.warn(warning);
  if (options.secureCookies === false)
    logger.warn('secureCookies is false: cookies travel over plain http, for development only');
  return { options: resolveOptions(options), keys };
}

/** Keys are looked at too where other settings are wrong, unless those are what keys are read by. */
function canLoadKeys(options: JwtoOptions, problems: readonly SettingProblem[]): boolean {
  const readBy = ['algorithm', 'signingKey', 'verifyingKey', 'enforceMinimumKeyLength', 'csrfSecret', 'mode'];
  return !problems.some(({ setting }) => readBy.some((name) => setting === name || setting.startsWith(`${name} `)));
}
