import { envVariableOf } from './env-source.js';
import type { JwtoOptions } from './jwto-options.js';

/** Settings whose value must never be shown. */
const SECRET = new Set(['signingKey', 'verifyingKey', 'keys', 'resolveKey', 'issuers', 'csrfSecret']);

/** The name that the application used, which is the environment variable's where the value came from there. */
export function nameOf(options: JwtoOptions, setting: string): string {
  const variable = envVariableOf(options, setting, (options as Record<string, unknown>)[setting]);
  return variable === undefined ? setting : `${setting} (${variable})`;
}

/** What a setting got, for a message; of a secret only its kind and size. */
export function describe(setting: string, value: unknown): string {
  if (SECRET.has(setting)) {
    if (typeof value === 'string') return `a text of ${String(Buffer.byteLength(value))} bytes`;
    if (value instanceof Uint8Array) return `${String(value.byteLength)} bytes`;
    return value === null ? 'null' : `a ${typeof value}`;
  }
  if (typeof value === 'function') return 'a function';
  try {
    // JSON has no word for undefined, a symbol or NaN.
    return ['object', 'string'].includes(typeof value) ? JSON.stringify(value) : String(value);
  } catch {
    return `a ${typeof value}`;
  }
}
