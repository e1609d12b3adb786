import type { CsrfCheck } from '../csrf/csrf-check.js';
import { JwtoError } from '../errors/jwto-error.js';
import type { JwtoEvents } from '../events/jwto-events.js';
import type { JwtoClaims } from '../tokens/claims.js';
import type { CredentialReader } from '../credentials/credential-reader.js';
import { requestInfo, type AnyRequest } from '../http/raw-request.js';

/** CSRF protection of a request, each refusal of which is told in `jwto.csrf_failed`. Without a check it refuses nothing. */
export class RequestCsrf {
  constructor(
    private readonly check: CsrfCheck | undefined,
    private readonly reader: CredentialReader,
    private readonly events: JwtoEvents,
  ) {}

  /** @throws JwtoError the `csrf_…` codes, before a token is looked at */
  assertPair(request: AnyRequest): void {
    this.report(request, null, (check) => {
      check.assertPair(this.reader.evidence(request));
    });
  }

  /** @throws JwtoError `csrf_mismatch` unless the CSRF token belongs to one of these sessions */
  assertBound(request: AnyRequest, sessions: readonly JwtoClaims[]): void {
    const sids = sessions.map(({ sid }) => sid);
    this.report(request, sessions[0] ?? null, (check) => {
      check.assertBound(this.reader.evidence(request), sids);
    });
  }

  /** The check of a `DELETE` logout, which a page can always make. @throws JwtoError the `csrf_…` codes */
  assertSignOut(request: AnyRequest, sessions: readonly JwtoClaims[]): void {
    const isPaired = this.report(request, null, (check) => check.assertSignOut(this.reader.evidence(request)));
    if (isPaired === true) this.assertBound(request, sessions);
  }

  /** @throws JwtoError `csrf_origin` for a login from a foreign page */
  assertLogin(request: AnyRequest): void {
    this.report(request, null, (check) => {
      check.assertLogin(this.reader.evidence(request));
    });
  }

  private report<T>(request: AnyRequest, claims: JwtoClaims | null, ask: (check: CsrfCheck) => T): T | undefined {
    if (this.check === undefined) return undefined;
    try {
      return ask(this.check);
    } catch (error) {
      if (error instanceof JwtoError) {
        this.events.emit('jwto.csrf_failed', {
          request: requestInfo(request),
          userId: claims === null ? null : String(claims.user.id),
          sid: claims?.sid ?? null,
          reason: error.code,
        });
      }
      throw error;
    }
  }
}
