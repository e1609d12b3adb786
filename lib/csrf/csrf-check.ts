import { CsrfMismatchError, CsrfMissingError } from '../errors/csrf-errors.js';
import { isUnsafe, type CsrfEvidence } from './csrf-evidence.js';
import { isSameText, type CsrfTokens } from './csrf-tokens.js';
import type { OriginCheck } from './origin-check.js';

/** The whole protection of cookie credentials; in two steps, with the token's verification in between. */
export class CsrfCheck {
  constructor(
    private readonly origins: OriginCheck,
    private readonly tokens: CsrfTokens,
  ) {}

  /**
   * A login sends no cookie that could be ridden on, and must still not come from a foreign page: it would sign the
   * victim in as the attacker.
   *
   * @throws JwtoError `csrf_origin`
   */
  assertLogin(evidence: CsrfEvidence): void {
    if (isUnsafe(evidence)) this.origins.assert(evidence, 'accepted');
  }

  /**
   * Before the token is looked at: where the request came from, and that header and cookie are there and equal.
   *
   * @throws JwtoError `csrf_origin`, `csrf_missing`, `csrf_mismatch`
   */
  assertPair(evidence: CsrfEvidence): void {
    if (!isUnsafe(evidence)) return;
    this.origins.assert(evidence, 'refused');
    const { header, cookies, cookieName } = evidence;
    if (cookies.length === 0) {
      throw new CsrfMissingError(
        `The cookie "${cookieName}" is missing. GET the csrf endpoint, or sign in, to get it.`,
      );
    }
    if (header === undefined || header === '') {
      throw new CsrfMissingError(`Send the value of the cookie "${cookieName}" in the header X-CSRFToken.`);
    }
    if (!cookies.some((cookie) => isSameText(cookie, header))) {
      throw new CsrfMismatchError(
        `The header X-CSRFToken differs from the cookie "${cookieName}": read the cookie again and send it.`,
      );
    }
  }

  /**
   * After it: that the pair belongs to this session, or to one of them.
   *
   * @throws JwtoError `csrf_mismatch`
   */
  assertBound({ methods, header = '' }: CsrfEvidence, sids: readonly string[]): void {
    if (!isUnsafe({ methods })) return;
    if (!sids.some((sid) => this.tokens.isFor(sid, header))) {
      throw new CsrfMismatchError('The CSRF token is of another session. GET the csrf endpoint for a new one.');
    }
  }

  /** A CSRF token for a session: the one of those presented that is its own and signed with the current secret, or a new one. */
  tokenFor(sid: string, presented: readonly string[]): string {
    return presented.find((token) => this.tokens.isCurrentFor(sid, token)) ?? this.tokens.issue(sid);
  }
}
