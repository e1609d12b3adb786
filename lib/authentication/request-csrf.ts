import type { CsrfCheck } from '../csrf/csrf-check.js';
import { JwtoError } from '../errors/jwto-error.js';
import type { JwtoEvents } from '../events/jwto-events.js';
import type { JwtoClaims } from '../tokens/claims.js';
import type { Carrier } from '../http/carrier.js';

/** CSRF protection of a request, each refusal of which is told in `jwto.csrf_failed`. Without a check it refuses nothing. */
export class RequestCsrf {
  constructor(
    private readonly check: CsrfCheck | undefined,
    private readonly events: JwtoEvents,
  ) {}

  /**
   * Before a token is looked at.
   *
   * @returns whether {@link RequestCsrf.assertBound} is to be asked after it
   * @throws JwtoError the `csrf_…` codes
   */
  assertPair(carrier: Carrier): boolean {
    return this.report(carrier, null, (check) => check.assertPair(carrier)) ?? false;
  }

  /** @throws JwtoError `csrf_mismatch` unless the CSRF token belongs to one of these sessions */
  assertBound(carrier: Carrier, sessions: readonly JwtoClaims[]): void {
    const sids = sessions.map(({ sid }) => sid);
    this.report(carrier, sessions[0] ?? null, (check) => {
      check.assertBound(carrier, sids);
    });
  }

  /** The check of a `DELETE` logout, which a page can always make. @throws JwtoError the `csrf_…` codes */
  assertSignOut(carrier: Carrier, sessions: readonly JwtoClaims[]): void {
    const isPaired = this.report(carrier, null, (check) => check.assertSignOut(carrier));
    if (isPaired === true) this.assertBound(carrier, sessions);
  }

  /** @throws JwtoError `csrf_origin` for a login from a foreign page */
  assertLogin(carrier: Carrier): void {
    this.report(carrier, null, (check) => {
      check.assertLogin(carrier);
    });
  }

  private report<T>(carrier: Carrier, claims: JwtoClaims | null, ask: (check: CsrfCheck) => T): T | undefined {
    if (this.check === undefined) return undefined;
    try {
      return ask(this.check);
    } catch (error) {
      if (error instanceof JwtoError) {
        this.events.emit('jwto.csrf_failed', {
          request: carrier.info,
          userId: claims === null ? null : String(claims.user.id),
          sid: claims?.sid ?? null,
          reason: error.code,
        });
      }
      throw error;
    }
  }
}
