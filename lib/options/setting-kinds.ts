import { parseDuration, TEN_YEARS, type Duration } from './duration.js';
import type { Read } from './env-values.js';
import { isBoolean, isFunction, isListOf, isPath, isText, lasts, type Test } from './option-values.js';

/** Everything about a setting but its type and its docstring, which {@link JwtoOptions} has. */
export interface Setting<Default = unknown, Value = never> {
  /** What it accepts, for messages. */
  readonly accepts: string;
  readonly test: Test;
  /** The environment variable and how its text is read. Without it the setting comes from code alone. */
  readonly env?: readonly [variable: string, read: Read];
  /** The value where none is given. */
  readonly default?: Default;
  /** What the rooms get of the value. @defaultValue the value itself */
  readonly resolve?: (value: Value) => unknown;
  /** Whether messages show nothing of the value but its length. @defaultValue `false` */
  readonly isSecret?: true;
  /** Whether the rooms do not get it under its name: it is for the start alone, or depends on other settings. */
  readonly isApart?: true;
}

/** A switch. */
export const yesOrNo = { accepts: 'true or false', test: isBoolean };
/** A hook of the application. */
export const aFunction = { accepts: 'a function', test: isFunction };
/** One string. */
export const aText = { accepts: 'a non-empty text', test: isText };
/** A list of strings. */
export const texts = { accepts: 'a list of non-empty texts', test: isListOf(isText) };
/** A path that both adapters and a cookie take literally; the rooms get it without slashes at its ends. */
export const aPath = {
  accepts: 'a path of letters, digits, ".", "_", "~", "-" between slashes',
  test: isPath,
  resolve: trimSlashes,
};

/**
 * A duration, which the rooms get in seconds.
 *
 * @param least - in seconds, as `most` is
 * @param accepts - the same for messages
 */
export function between(
  least: number,
  most: number,
  accepts: string,
): { accepts: string; test: Test; resolve: (value: Duration) => number } {
  return { accepts, test: lasts(least, most), resolve: toSeconds };
}

/** How long something may live, which the rooms get in seconds. */
export const aLifetime = between(
  1,
  TEN_YEARS,
  'at least one second and at most 3650 days: seconds, or a text like "5m", "12h", "30d"',
);
/** A duration of 0 to 60 seconds, which the rooms get in seconds. */
export const uptoAMinute = between(0, 60, '0 to 60 seconds');

/** @returns the path without slashes at its ends */
export function trimSlashes(value: string): string {
  return value.replace(/^\/+|\/+$/g, '');
}

function toSeconds(value: Duration): number {
  const parsed = parseDuration(value);
  if (parsed === undefined) throw new TypeError('resolveOptions needs options that passed checkOptions');
  return parsed;
}
