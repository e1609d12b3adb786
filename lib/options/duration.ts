/** Seconds as a number, or a string of a whole number and a unit: seconds, minutes, hours or days. */
export type Duration = number | `${number}${'s' | 'm' | 'h' | 'd'}` | `${number}`;

/** Longest lifetime of anything, in seconds: ten years. */
export const TEN_YEARS = 315_360_000;

const UNIT_SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/**
 * @returns whole seconds, or `undefined` for anything that is no duration: `'120'` is 120 seconds, and never the
 * milliseconds that jsonwebtoken makes of it
 */
export function parseDuration(value: unknown): number | undefined {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? value : undefined;
  if (typeof value !== 'string') return undefined;
  const match = /^(\d{1,12})([smhd]?)$/.exec(value);
  if (match === null) return undefined;
  return Number(match[1]) * UNIT_SECONDS[(match[2] === '' ? 's' : match[2]) as keyof typeof UNIT_SECONDS];
}
