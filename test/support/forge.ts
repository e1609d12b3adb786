import { createHmac, type BinaryLike, type KeyObject } from 'node:crypto';
import { SIGNING_KEY } from './test-app.js';

/** The header of our tokens. */
export const HEADER = { alg: 'HS256', typ: 'JWT' };

/** Members of a token's header or payload. */
export type Members = Record<string, unknown>;

/** One segment: JSON of an object, text or bytes as they are, in base64url. */
export function segment(content: unknown): string {
  const bytes = typeof content === 'string' || content instanceof Uint8Array ? content : JSON.stringify(content);
  return Buffer.from(bytes).toString('base64url');
}

/** The HMAC of a signing input. */
export function hmac(input: string, key: BinaryLike | KeyObject = SIGNING_KEY, hash = 'sha256'): string {
  return createHmac(hash, key).update(input).digest('base64url');
}

/**
 * Signs anything as a compact JWS with HMAC-SHA256, whatever the header says.
 *
 * @param payload - an object, or the exact text or bytes
 * @param header - the same
 */
export function forge(payload: unknown, header: unknown = HEADER, key: BinaryLike | KeyObject = SIGNING_KEY): string {
  const input = `${segment(header)}.${segment(payload)}`;
  return `${input}.${hmac(input, key)}`;
}

/** What a token says. */
export function claimsOf(token = ''): Members {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8')) as Members;
}

/** A copy without a member. */
export function without(members: Members, name: string): Members {
  return Object.fromEntries(Object.entries(members).filter(([key]) => key !== name));
}
