import { Inject, Injectable } from '@nestjs/common';
import { OPTIONS } from '../options/injection-keys.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { SessionStore } from '../store/session-store.js';
import { storedId } from '../store/stored-id.js';
import type { JwtoClaims } from '../tokens/claims.js';
import { realmOf } from '../tokens/signed-by.js';

/**
 * How far the key that signed a token reaches. The holder of a tenant's key can write any `sid` and any user into a token,
 * so what it may do to a session is asked of the session, which remembers whom the key of its own tokens speaks for.
 */
@Injectable()
export class KeyBounds {
  constructor(
    @Inject(OPTIONS) private readonly options: Pick<ResolvedOptions, 'resolveKey'>,
    private readonly sessions: SessionStore,
  ) {}

  /**
   * Whether the key speaks for the token's session. Without `resolveKey` there is one answer, and nothing is asked. A
   * refresh token of the ring's is of a session that was issued so, or from before its tenant had a key.
   *
   * @param claims - as they were verified
   * @throws JwtoError `store_unavailable`
   */
  async reach(claims: JwtoClaims): Promise<boolean> {
    if (this.options.resolveKey === undefined) return true;
    const realm = realmOf(claims);
    if (realm === null && claims.type === 'refresh') return true;
    const session = await this.sessions.find(claims.sid);
    return session?.keyRealm === realm && session.userId === storedId(String(claims.user.id));
  }
}
