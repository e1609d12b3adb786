import { timingSafeEqual } from 'node:crypto';

/** How CSRF tokens are made and compared. A token is bound to a session in each scheme. */
export interface CsrfScheme {
  /** A new token for a session. */
  issue(sid: string): string;
  /** Whether a token was issued for this session. */
  isFor(sid: string, token: string): boolean;
  /** Whether it was issued for this session with the secret that signs now, and so outlives the other ones. */
  isCurrentFor(sid: string, token: string): boolean;
  /** Whether a cookie and what was sent beside it are the same token. */
  isPair(cookie: string, sent: string): boolean;
  /** Whether a text looks like a token of this scheme; for explanations only. */
  isWellFormed(token: string): boolean;
}

/** Compares in a time that does not tell where two texts differ. */
export function isSameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
