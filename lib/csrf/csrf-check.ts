import { CsrfMismatchError, CsrfMissingError } from '../errors/csrf-errors.js';
import type { Carrier } from '../http/carrier.js';
import type { CsrfHints } from './csrf-hints.js';
import type { CsrfScheme } from './csrf-scheme.js';
import type { CsrfSource } from './csrf-source.js';
import type { OriginCheck } from './origin-check.js';
import { askedOf, isUnsafe } from './unsafe-request.js';

/** What a {@link CsrfCheck} is made from. */
export interface CsrfCheckParts {
  readonly origins: OriginCheck;
  readonly tokens: CsrfScheme;
  readonly source: CsrfSource;
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
  assertLogin(carrier: Carrier): void {
    if (isUnsafe(carrier)) this.parts.origins.assert(carrier, 'accepted');
  }

  /**
   * Before the token is looked at: where the request came from, and that header and cookie are there and equal.
   *
   * @returns whether the pair is still to be bound to a session; `false` where the request needs none
   * @throws JwtoError `csrf_origin`, `csrf_missing`, `csrf_mismatch`
   */
  assertPair(carrier: Carrier): boolean {
    const { origins, tokens, source, renewal, hints } = this.parts;
    const asked = askedOf(carrier);
    if (asked === 'nothing') return false;
    origins.assert(carrier, 'refused');
    if (asked === 'origin') return false;
    const { cookieName } = source;
    const cookies = source.cookies(carrier);
    const sent = source.sent(carrier);
    if (cookies.length === 0) {
      throw new CsrfMissingError(
        `The cookie "${cookieName}" is missing. ${renewal}`,
        hints?.about('no-cookie', carrier),
      );
    }
    if (sent === '') {
      throw new CsrfMissingError(
        `Send the value of the cookie "${cookieName}" in the header X-CSRFToken.`,
        hints?.about('no-header', carrier),
      );
    }
    if (!cookies.some((cookie) => tokens.isPair(cookie, sent))) {
      throw new CsrfMismatchError(
        `The ${this.nameOfSent(carrier)} differs from the cookie "${cookieName}": read the cookie again and send it.`,
        hints?.about('pair-differs', carrier),
      );
    }
    return true;
  }

  /**
   * After it: that the pair belongs to this session, or to one of them. Asked where {@link CsrfCheck.assertPair} says so.
   *
   * @throws JwtoError `csrf_mismatch`
   */
  assertBound(carrier: Carrier, sids: readonly string[]): void {
    const { tokens, source, renewal, hints } = this.parts;
    const sent = source.sent(carrier);
    if (!sids.some((sid) => tokens.isFor(sid, sent))) {
      throw new CsrfMismatchError(
        `The CSRF token is of another session. ${renewal}`,
        hints?.about('other-session', carrier),
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
  assertSignOut(carrier: Carrier): boolean {
    if (carrier.origin === undefined && carrier.site === undefined) return this.assertPair(carrier);
    this.parts.origins.assert(carrier, 'refused');
    return false;
  }

  /** A CSRF token for a session: the one of those presented that is its own and signed with the current secret, or a new one. */
  tokenFor(sid: string, presented: readonly string[]): string {
    const { tokens } = this.parts;
    return presented.find((token) => tokens.isCurrentFor(sid, token)) ?? tokens.issue(sid);
  }

  private nameOfSent(carrier: Carrier): string {
    return this.parts.source.field(carrier) === undefined ? 'header X-CSRFToken' : 'form field csrfmiddlewaretoken';
  }
}
