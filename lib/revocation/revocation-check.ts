import type { Revocation, RevocationStore } from '../store/revocation-store.js';
import type { JwtoClaims } from '../tokens/claims.js';
import { realmOf } from '../tokens/signed-by.js';
import { SharedQuestions } from './shared-questions.js';

/** What an access token is blocked as: its `jti`, and whose key signed it, for the keys of others may sign the same `jti`. */
export function blockedAs(claims: JwtoClaims, jti: string): string {
  const realm = realmOf(claims);
  return realm === null ? jti : `${realm}.${jti}`;
}

/** Whether an access token was revoked, by itself or with its session. What guards ask after signature and claims stand. */
export abstract class RevocationCheck {
  /** @throws JwtoError `store_unavailable`: never "not revoked" where it is not known */
  abstract isRevoked(claims: JwtoClaims): boolean | Promise<boolean>;

  /**
   * Told of each revocation by this process, after it was written.
   *
   * @param times - milliseconds since the epoch: `until`, when what is blocked ends by itself, if that is known; and
   * `revokedAt`, as it was written, where sign-ins before it are what is revoked
   */
  note(_revocation: Pick<Revocation, 'kind' | 'value'>, _times?: { until?: number; revokedAt?: number }): void {
    // Who asks the database at each request needs no telling.
  }
}

/** `blocklistCheck: 'database'`: one query a request, or one for many that come at the same time. */
export class DatabaseRevocationCheck extends RevocationCheck {
  private readonly questions = new SharedQuestions<boolean>();

  constructor(private readonly revocations: RevocationStore) {
    super();
  }

  override isRevoked(claims: JwtoClaims): Promise<boolean> {
    // A token without a jti cannot be in the list; its sid stands in, which is no jti of anything.
    const token = blockedAs(claims, claims.jti ?? claims.sid);
    // Nor does a token of one tenant's key get the answer to one of another's, who may write the same into it.
    return this.questions.ask(`${claims.sid} ${token}`, () => {
      const since = ((claims.auth_time ?? 0) + 1) * 1000;
      return this.revocations.isRevoked({ sid: claims.sid, token, userId: String(claims.user.id), since });
    });
  }
}

/** `blocklistCheck: 'refresh'`: access tokens live until they expire, as in djwto. */
export class NoRevocationCheck extends RevocationCheck {
  override isRevoked(): boolean {
    return false;
  }
}
