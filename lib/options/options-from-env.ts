import { markEnvSource } from './env-source.js';
import type { JwtoOptions } from './jwto-options.js';
import { SETTING_ROWS } from './setting-table.js';

/** Every variable, the setting it is, and how it is read. */
const VARIABLES = new Map(
  SETTING_ROWS.flatMap(([setting, { env }]) => (env ? [[env[0], { setting, read: env[1] }]] : [])),
);

/**
 * Reads the settings from the environment: `JWTO_…`, lists separated by commas, booleans as true, false, 1 or 0, bare
 * numbers as seconds, empty as unset. It never throws: a wrong value, and a `JWTO_…` variable that is no setting, stop
 * the start together with everything else that is wrong.
 *
 * @example
 * ```ts
 * JwtoModule.forRoot({ ...jwtoOptionsFromEnv(process.env), users: UsersService });
 * ```
 */
export function jwtoOptionsFromEnv(environment: Readonly<Record<string, string | undefined>>): JwtoOptions {
  const options: Record<string, unknown> = {};
  const variables: Record<string, { variable: string; value: unknown }> = {};
  const unknown: string[] = [];
  for (const [variable, value] of Object.entries(environment)) {
    if (!variable.startsWith('JWTO_') || value === undefined || value.trim() === '') continue;
    const known = VARIABLES.get(variable);
    if (known === undefined) {
      unknown.push(variable);
      continue;
    }
    const { setting, read } = known;
    options[setting] = read(value);
    variables[setting] = { variable, value: options[setting] };
  }
  markEnvSource(options, { variables, unknown });
  return options;
}
