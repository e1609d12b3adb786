import type { ResolvedOptions } from '../options/resolve-options.js';
import { storedId } from '../store/stored-id.js';
import type { Moment, Session } from '../store/session.js';

/**
 * How a refresh token stands to its session:
 *
 * - `current`: it is the one, and may be replaced
 * - `replayed`: it was replaced inside the grace, or is the successor of one that was; it gets that successor (again)
 * - `reused`: it was replaced before that, or by a token that is itself replaced
 * - `revoked`: there is no such session, it was revoked, or it is not the key's to speak of
 * - `expired`: its session has ended
 * - `ahead`: the session has forgotten it, because the database was restored from before it was issued
 */
export type Standing = 'current' | 'replayed' | 'reused' | 'revoked' | 'expired' | 'ahead';

/** What a verified refresh token says of itself. */
export interface PresentedToken {
  jti: string;
  userId: string;
  /** Whom the key speaks for that signed it; `null` for a key of the ring, which signs what we issue and nothing else. */
  keyRealm: string | null;
}

/** The one rule of rotation; every place that accepts a refresh token asks it. */
export function standingOf(
  session: Session | null,
  presented: PresentedToken,
  { aliveAt, usedAfter, notSince }: Moment,
): Standing {
  if (session?.revokedAt !== null || session.userId !== storedId(presented.userId)) return 'revoked';
  // Before its `jti` is looked at: whoever has a tenant's key could end any session by a strange one.
  if (presented.keyRealm !== null && presented.keyRealm !== session.keyRealm) return 'revoked';
  if (session.expiresAt <= aliveAt || session.endsAt <= aliveAt || session.lastUsedAt <= usedAfter) return 'expired';
  const jti = storedId(presented.jti);
  const insideGrace = session.rotatedAt !== null && session.rotatedAt > notSince;
  if (jti === session.currentJti) return insideGrace ? 'replayed' : 'current';
  if (jti === session.previousJti && insideGrace) return 'replayed';
  return generationOf(presented.jti) > session.generation ? 'ahead' : 'reused';
}

/** A refresh token's `jti` ends in how often its session had rotated, so that a restored database is told from a thief. */
export function refreshJti(random: string, generation: number): string {
  return `${random}.${String(generation)}`;
}

function generationOf(jti: string): number {
  const generation = /\.(\d{1,9})$/.exec(jti)?.[1];
  return generation === undefined ? 0 : Number(generation);
}

/** When a session must have been used at the latest; milliseconds since the epoch, as `now`. */
export function usedAfter({ idleLifetime }: Pick<ResolvedOptions, 'idleLifetime'>, now: number): number {
  return idleLifetime === undefined ? Number.MIN_SAFE_INTEGER : now - idleLifetime * 1000;
}
