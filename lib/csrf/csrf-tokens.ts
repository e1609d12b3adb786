import { createHmac, randomBytes, type KeyObject } from 'node:crypto';
import { StoreUnavailableError } from '../errors/store-errors.js';
import { isSameText, type CsrfScheme } from './csrf-scheme.js';

const RANDOM_BYTES = 16;
/** 16 bytes and 32 bytes as base64url. */
const RANDOM_LENGTH = 22;
const MAC_LENGTH = 43;
const LENGTH = RANDOM_LENGTH + MAC_LENGTH;

/**
 * The signed double-submit token (OWASP CSRF Prevention Cheat Sheet): a random part and an HMAC over the session and
 * it, in base64url characters only. A pair that a stranger made, or another session's, fails.
 */
export class CsrfTokens implements CsrfScheme {
  /**
   * @param secrets - those that count now, in a ring of keys each key's; the first signs. So a token lives through a
   * change of the signing key, as its session does
   */
  constructor(private readonly secrets: () => readonly KeyObject[]) {}

  issue(sid: string): string {
    const [secret] = this.secrets();
    if (secret === undefined) throw new StoreUnavailableError(new Error('no key of the ring can sign a CSRF token'));
    const random = randomBytes(RANDOM_BYTES).toString('base64url');
    return random + mac(secret, sid, random);
  }

  isFor(sid: string, token: string): boolean {
    if (token.length !== LENGTH) return false;
    return this.secrets().some((secret) => isSignedBy(secret, sid, token));
  }

  isCurrentFor(sid: string, token: string): boolean {
    const [secret] = this.secrets();
    return secret !== undefined && token.length === LENGTH && isSignedBy(secret, sid, token);
  }

  isPair(cookie: string, sent: string): boolean {
    return isSameText(cookie, sent);
  }

  isWellFormed(token: string): boolean {
    return token.length === LENGTH && /^[\w-]*$/.test(token);
  }
}

function isSignedBy(secret: KeyObject, sid: string, token: string): boolean {
  return isSameText(mac(secret, sid, token.slice(0, RANDOM_LENGTH)), token.slice(RANDOM_LENGTH));
}

function mac(secret: KeyObject, sid: string, random: string): string {
  return createHmac('sha256', secret).update(`${random}.${sid}`).digest('base64url');
}
