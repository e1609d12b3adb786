import { ALGORITHM_NAMES } from './algorithm-names.js';
import { envVariableOf } from './env-source.js';
import type { JwtoOptions } from './jwto-options.js';
import { SETTING_ROWS } from './setting-table.js';

/** Settings of which not even a known word is shown. */
const SECRET = new Set<string>(SETTING_ROWS.flatMap(([name, { isSecret }]) => (isSecret ? [name] : [])));

/** In small letters: what some setting accepts, and what is often tried in its place. */
const WORDS = new Set(
  [
    ...ALGORITHM_NAMES,
    ...['JSON', 'ONE-COOKIE', 'TWO-COOKIES', 'JWT', 'at+jwt', 'Lax', 'Strict', 'None', 'host', 'django'],
    ...['replica', 'database', 'refresh', 'true', 'false', 'yes', 'no', 'on', 'off', ''],
  ].map((word) => word.toLowerCase()),
);
/** A number that is too short for a secret, perhaps with a unit. */
const AMOUNT = /^-?\d{1,9}(?:\.\d{1,3})? ?(?:ms|sec|min|[smhdwy])?$/;

/** The name that the application used, which is the environment variable's where the value came from there. */
export function nameOf(options: JwtoOptions, setting: string): string {
  const variable = envVariableOf(options, setting, (options as Record<string, unknown>)[setting]);
  return variable === undefined ? setting : `${setting} (${variable})`;
}

/**
 * What a setting got, for a message. A secret may stand in the place of any other setting, so of a text that is no known
 * word its length is told, and of a key's setting never more than that.
 */
export function describe(setting: string, value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') {
    const isShown = !SECRET.has(setting) && (WORDS.has(value.toLowerCase()) || AMOUNT.test(value));
    return isShown ? JSON.stringify(value) : `a text of ${String(Buffer.byteLength(value))} bytes`;
  }
  if (value instanceof Uint8Array) return `${String(value.byteLength)} bytes`;
  if (SECRET.has(setting)) return kindOf(value);
  if (Array.isArray(value)) return `[${value.map((item) => describe(setting, item)).join(', ')}]`;
  if (typeof value === 'boolean' || (typeof value === 'number' && !(Math.abs(value) >= 1e9))) return String(value);
  return kindOf(value);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
