import { isDeepStrictEqual } from 'node:util';

/** Marks options that came from the environment: which variable each came from, and which variables nobody knows. */
const SOURCE = Symbol('jwto.environment');

interface EnvSource {
  /** By setting: the variable, and what was read from it. */
  variables: Readonly<Record<string, { variable: string; value: unknown }>>;
  unknown: readonly string[];
}

/** Notes where options came from. The mark is enumerable, so that it survives `{ ...jwtoOptionsFromEnv(process.env) }`. */
export function markEnvSource(options: object, source: EnvSource): void {
  (options as Record<symbol, unknown>)[SOURCE] = source;
}

/** Notes of a copy of options what was noted of them. */
export function copyEnvSource(options: object, copy: object): void {
  const source = sourceOf(options);
  if (source !== undefined) markEnvSource(copy, source);
}

/** The variable that a setting came from, if its value is still the one from the environment, or a copy of it. */
export function envVariableOf(options: object, setting: string, value: unknown): string | undefined {
  const source = sourceOf(options)?.variables[setting];
  return isDeepStrictEqual(source?.value, value) ? source?.variable : undefined;
}

/** Variables that look like settings of this library and are none. */
export function unknownVariablesOf(options: object): readonly string[] {
  return sourceOf(options)?.unknown ?? [];
}

function sourceOf(options: object): EnvSource | undefined {
  return (options as Record<symbol, EnvSource | undefined>)[SOURCE];
}
