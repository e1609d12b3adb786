import { CsrfMismatchError, CsrfMissingError } from '../errors/csrf-errors.js';
import { isHandshake, isUnsafe, sentToken, type CsrfEvidence } from './csrf-evidence.js';
import type { CsrfHints } from './csrf-hints.js';
import type { CsrfScheme } from './csrf-scheme.js';
import type { OriginCheck } from './origin-check.js';

/** What a {@link CsrfCheck} is made from. */
export interface CsrfCheckParts {
  readonly origins: OriginCheck;
  readonly tokens: CsrfScheme;
  /** What a page does that has no CSRF token, as a sentence. */
  readonly renewal: string;
  /** Where refusals shall name their likely cause. */
  readonly hints: CsrfHints | undefined;
}

/** The whole protection of cookie credentials; in two steps, with the token's verification in between. */
export class CsrfCheck {
  constructor(private readonly parts: CsrfCheckParts) {}

  /**
   * A login sends no cookie that could be ridden on, and must still not come from a foreign page: it would sign the
   * victim in as the attacker.
   *
   * @throws JwtoError `csrf_origin`
   */
  assertLogin(evidence: CsrfEvidence): void {
    if (isUnsafe(evidence)) this.parts.origins.assert(evidence, 'accepted');
  }

  /**
   * Before the token is looked at: where the request came from, and that header and cookie are there and equal.
   *
   * @throws JwtoError `csrf_origin`, `csrf_missing`, `csrf_mismatch`
   */
  assertPair(evidence: CsrfEvidence): void {
    const { origins, tokens, renewal, hints } = this.parts;
    const handshake = isHandshake(evidence);
    if (!handshake && !isUnsafe(evidence)) return;
    origins.assert(evidence, 'refused');
    if (handshake) return;
    const { cookies, cookieName } = evidence;
    const sent = sentToken(evidence);
    if (cookies.length === 0) {
      throw new CsrfMissingError(
        `The cookie "${cookieName}" is missing. ${renewal}`,
        hints?.about('no-cookie', evidence),
      );
    }
    if (sent === '') {
      throw new CsrfMissingError(
        `Send the value of the cookie "${cookieName}" in the header X-CSRFToken.`,
        hints?.about('no-header', evidence),
      );
    }
    if (!cookies.some((cookie) => tokens.isPair(cookie, sent))) {
      throw new CsrfMismatchError(
        `The ${nameOfSent(evidence)} differs from the cookie "${cookieName}": read the cookie again and send it.`,
        hints?.about('pair-differs', evidence),
      );
    }
  }

  /**
   * After it: that the pair belongs to this session, or to one of them.
   *
   * @throws JwtoError `csrf_mismatch`
   */
  assertBound(evidence: CsrfEvidence, sids: readonly string[]): void {
    if (isHandshake(evidence) || !isUnsafe(evidence)) return;
    const { tokens, renewal, hints } = this.parts;
    const sent = sentToken(evidence);
    if (!sids.some((sid) => tokens.isFor(sid, sent))) {
      throw new CsrfMismatchError(
        `The CSRF token is of another session. ${renewal}`,
        hints?.about('other-session', evidence),
      );
    }
  }

  /**
   * Where a request may come from that signs out and has lost its CSRF cookie: its origin decides, and the pair only
   * where a browser says nothing of it.
   *
   * @returns whether the pair is still to be bound to a session
   * @throws JwtoError `csrf_origin`, `csrf_missing`, `csrf_mismatch`
   */
  assertSignOut(evidence: CsrfEvidence): boolean {
    if (evidence.origin === undefined && evidence.site === undefined) {
      this.assertPair(evidence);
      return true;
    }
    this.parts.origins.assert(evidence, 'refused');
    return false;
  }

  /** A CSRF token for a session: the one of those presented that is its own and signed with the current secret, or a new one. */
  tokenFor(sid: string, presented: readonly string[]): string {
    const { tokens } = this.parts;
    return presented.find((token) => tokens.isCurrentFor(sid, token)) ?? tokens.issue(sid);
  }
}

function nameOfSent({ field }: CsrfEvidence): string {
  return field === undefined ? 'header X-CSRFToken' : 'form field csrfmiddlewaretoken';
}
