import type { JwtoClaims } from '../tokens/claims.js';

/**
 * The claims for the page: standard base64 of JSON with keys sorted at every depth and in ASCII only, so that
 * `base64.b64decode` in Python and `JSON.parse(atob(…))` in a browser read it as it stands. The server never reads it.
 */
export function payloadCookie(claims: JwtoClaims): string {
  const json = sortedJson(claims).replace(/[\u007f-\uffff]/g, escapeUnit);
  return Buffer.from(json, 'latin1').toString('base64');
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** By hand, because an object puts keys like "10" and "9" into an order of its own. */
function sortedJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(sortedJson).join()}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const members = Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, member]) => `${JSON.stringify(name)}:${sortedJson(member)}`);
  return `{${members.join()}}`;
}
