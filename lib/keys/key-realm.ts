import { createHash } from 'node:crypto';

/** What differs between the tokens of one session, and says nothing about whom their key speaks for. */
const OF_ONE_TOKEN = new Set(['type', 'exp', 'nbf', 'iat', 'jti', 'refresh_iat']);

/**
 * Whom a key of `resolveKey` speaks for: the SHA-256 of the claims that its tokens must have, whatever their order. What a
 * token may do to sessions goes by it.
 *
 * @returns 43 characters of base64url; `null`, as for the keys of the ring, where the claims bind the key to nobody
 */
export function keyRealmOf(claims: Readonly<Record<string, unknown>>): string | null {
  const lasting = Object.fromEntries(Object.entries(claims).filter(([name]) => !OF_ONE_TOKEN.has(name)));
  const text = JSON.stringify(lasting, (_name, value: unknown) => inOrder(value));
  return text === '{}' ? null : createHash('sha256').update(text).digest('base64url');
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([one], [other]) => (one < other ? -1 : 1)));
}
