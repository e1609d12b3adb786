import { isUtf8 } from 'node:buffer';
import { TokenMalformedError } from '../errors/token-errors.js';
import { isTooDeep } from '../users/claim-depth.js';
import { withoutPrototypes } from './claims.js';

/** A JSON object as parsed: its own members only are read. */
export type JsonObject = Record<string, unknown>;

/**
 * Parses a JSON object (RFC 8259) of valid UTF-8, at most 32 deep. Of a name that comes twice the last counts
 * (RFC 7519 §4), for every reader alike. An own `__proto__` is dropped: merging it somewhere would set a prototype.
 *
 * @throws {@link TokenMalformedError}
 */
export function parseObject(bytes: Buffer): JsonObject {
  // Buffer would replace bad bytes; the byte order mark that it keeps, JSON.parse refuses.
  if (!isUtf8(bytes)) throw new TokenMalformedError();
  const text = bytes.toString('utf8');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new TokenMalformedError();
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isTooDeep(value)) {
    throw new TokenMalformedError();
  }
  const mayHavePrototype = text.includes('__proto__') || text.includes('\\u');
  return (mayHavePrototype ? withoutPrototypes(value) : value) as JsonObject;
}
