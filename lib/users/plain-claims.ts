import { isTooDeep } from './claim-depth.js';

/**
 * What the application gives as claims, as plain JSON: read once, so that what is checked is what is used.
 *
 * @throws TypeError for anything but a JSON object, and for one that is deeper than claims may be; and what a getter or
 * `toJSON` throws
 */
export function plainClaims(given: unknown): Record<string, unknown> {
  const text = JSON.stringify(given) as string | undefined;
  const plain: unknown = text === undefined ? undefined : JSON.parse(text);
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain) || isTooDeep(plain)) {
    throw new TypeError('it must return an object of JSON values, at most 32 levels deep');
  }
  return plain as Record<string, unknown>;
}
