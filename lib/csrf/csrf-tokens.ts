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
  /**
   * @param secrets - those that count now, in a ring of keys each key's; the first signs. So a token lives through a
   * change of the signing key, as its session does
   */
  constructor(private readonly secrets: () => readonly Uint8Array[]) {}

  /** A new token for a session. */
  issue(sid: string): string {
    const [secret] = this.secrets();
    if (secret === undefined) throw new TypeError('There is no key to sign a CSRF token with.');
    const random = randomBytes(RANDOM_BYTES).toString('base64url');
    return random + mac(secret, sid, random);
  }

  /** Whether a token was issued for this session. */
  isFor(sid: string, token: string): boolean {
    if (token.length !== RANDOM_LENGTH + MAC_LENGTH) return false;
    return this.secrets().some((secret) => isSignedBy(secret, sid, token));
  }

  /** Whether it was issued for this session with the secret that signs now, and so outlives the other ones. */
  isCurrentFor(sid: string, token: string): boolean {
    const [secret] = this.secrets();
    return secret !== undefined && token.length === RANDOM_LENGTH + MAC_LENGTH && isSignedBy(secret, sid, token);
  }
}

function isSignedBy(secret: Uint8Array, sid: string, token: string): boolean {
  return isSameText(mac(secret, sid, token.slice(0, RANDOM_LENGTH)), token.slice(RANDOM_LENGTH));
}

function mac(secret: Uint8Array, sid: string, random: string): string {
  return createHmac('sha256', secret).update(`${random}.${sid}`).digest('base64url');
}

/** Compares in a time that does not tell where two texts differ. */
export function isSameText(one: string, other: string): boolean {
  const [a, b] = [Buffer.from(one), Buffer.from(other)];
  return a.length === b.length && timingSafeEqual(a, b);
}
