import type { SettingProblem } from '../errors/configuration-error.js';
import { copyEnvSource, unknownVariablesOf } from './env-source.js';
import type { JwtoOptions } from './jwto-options.js';
import { checkTogether, type CheckTogether } from './option-conflicts.js';
import { readOnce, type Members } from './read-once.js';
import { describe, nameOf } from './setting-in-message.js';
import { SETTING_ROWS, SETTINGS } from './setting-table.js';

/** The settings by name, and the members of those that are objects. */
export const OPTION_MEMBERS: Members = Object.fromEntries(
  SETTING_ROWS.map(([name, { test }]) => [name, test.members ?? null]),
);

/** Reads the settings once, into a plain object: whatever is asked of them later is asked of that. */
export function readOptions(given: object): JwtoOptions {
  const options = readOnce(given, OPTION_MEMBERS);
  copyEnvSource(given, options);
  return options;
}

/**
 * Checks every setting by itself, and those that are right together.
 *
 * @param options - as {@link readOptions} gave them
 * @param more - what a room above knows of settings that are wrong together
 * @returns one problem for each wrong or unknown setting; none if all are right
 */
export function checkOptions(options: JwtoOptions, more: CheckTogether): SettingProblem[] {
  const unknown = [
    ...Object.keys(options).filter((name) => !Object.hasOwn(SETTINGS, name)),
    ...unknownVariablesOf(options),
  ];
  const wrong = SETTING_ROWS.filter(([name, { test }]) => options[name] !== undefined && !test(options[name]));
  return [
    ...unknown.map((setting) => ({ setting, got: 'a value', accepts: 'there is no such setting' })),
    ...wrong.map(([name, { accepts }]) => ({
      setting: nameOf(options, name),
      got: describe(name, options[name]),
      accepts: `accepts ${accepts}`,
    })),
    ...checkTogether(options, new Set(wrong.map(([name]) => name)), more),
  ];
}
