import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

const RANDOM_BYTES = 16;
/** 16 bytes and 32 bytes as base64url. */
const RANDOM_LENGTH = 22;
const MAC_LENGTH = 43;

/**
 * The signed double-submit token (OWASP CSRF Prevention Cheat Sheet): a random part and an HMAC over the session and
 * it, in base64url characters only. A pair that a stranger made, or another session's, fails.
 */
export class CsrfTokens {
  constructor(private readonly secret: Uint8Array) {}

  /** A new token for a session. */
  issue(sid: string): string {
    const random = randomBytes(RANDOM_BYTES).toString('base64url');
    return random + this.mac(sid, random);
  }

  /** Whether a token was issued for this session. */
  isFor(sid: string, token: string): boolean {
    if (token.length !== RANDOM_LENGTH + MAC_LENGTH) return false;
    const random = token.slice(0, RANDOM_LENGTH);
    return isSameText(this.mac(sid, random), token.slice(RANDOM_LENGTH));
  }

  private mac(sid: string, random: string): string {
    return createHmac('sha256', this.secret).update(`${random}.${sid}`).digest('base64url');
  }
}

/** Compares in a time that does not tell where two texts differ. */
export function isSameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
