/** How deep claims may nest: enough for any structure, and far from where a recursive function runs out of stack. */
const MAX_DEPTH = 32;

/** Whether a JSON value nests deeper than claims may. */
export function isTooDeep(value: unknown, left = MAX_DEPTH): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (left === 0) return true;
  if (Array.isArray(value)) return value.some((item) => isTooDeep(item, left - 1));
  for (const name in value) {
    const member = (value as Record<string, unknown>)[name];
    if (typeof member === 'object' && isTooDeep(member, left - 1)) return true;
  }
  return false;
}
