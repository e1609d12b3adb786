import { createHash } from 'node:crypto';

/** Longest id that is stored as it is, in bytes: 191 characters of four bytes are what an old InnoDB index takes. */
const MAX_BYTES = 191;

/** What ids of ours are made of; the short way for guards. */
const PLAIN = /^[\w.~-]{1,64}$/;

const HASHED = 'sha256:';

/**
 * An id as the tables hold it: itself, or its SHA-256 where it is too long, or holds a NUL (which PostgreSQL refuses)
 * or a lone surrogate (which no database stores).
 */
export function storedId(id: string): string {
  if (PLAIN.test(id)) return id;
  const plain = Buffer.byteLength(id) <= MAX_BYTES && !id.includes('\0') && isWellFormed(id);
  return plain ? id : `${HASHED}${createHash('sha256').update(id, 'utf16le').digest('base64url')}`;
}

/**
 * The same, of an id that a caller gives: `findOneBy({ sid: undefined })` and `''` must never reach a query, for the first
 * gives any row.
 *
 * @throws TypeError if it is no text, or empty
 */
export function assertStoredId(id: string): string {
  if (typeof id !== 'string' || id === '')
    throw new TypeError('The id of a session or a user must be a non-empty string.');
  return storedId(id);
}

/** Whether this is the hash that stands for an id. */
export function isHashedId(stored: string): boolean {
  return stored.startsWith(HASHED);
}

/** Whether a text has no half of a surrogate pair. */
export function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
