import type { Mode } from '../options/jwto-options.js';
import type { Session } from '../store/session.js';

/** The columns of the table of sessions, by member. */
export const SESSION_COLUMNS: Readonly<Record<keyof Session, string>> = {
  sid: 'sid',
  realm: 'realm',
  userId: 'user_id',
  mode: 'mode',
  stamp: 'stamp',
  keyRealm: 'key_realm',
  currentJti: 'current_jti',
  currentIat: 'current_iat',
  previousJti: 'previous_jti',
  rotatedAt: 'rotated_at',
  generation: 'generation',
  signedInAt: 'signed_in_at',
  lastUsedAt: 'last_used_at',
  expiresAt: 'expires_at',
  refreshLifetime: 'refresh_lifetime',
  endsAt: 'ends_at',
  accessUntil: 'access_until',
  revokedAt: 'revoked_at',
  revokedReason: 'revoked_reason',
  userAgent: 'user_agent',
  ip: 'ip',
};

/** A session from its row: drivers give a bigint as text. */
export function sessionOf(row: Readonly<Record<string, unknown>>): Session {
  return {
    sid: row['sid'] as string,
    realm: row['realm'] as string,
    userId: row['user_id'] as string,
    mode: row['mode'] as Mode,
    stamp: row['stamp'] as string | null,
    keyRealm: row['key_realm'] as string | null,
    currentJti: row['current_jti'] as string,
    currentIat: Number(row['current_iat']),
    previousJti: row['previous_jti'] as string | null,
    rotatedAt: numberOrNull(row['rotated_at']),
    generation: Number(row['generation']),
    signedInAt: Number(row['signed_in_at']),
    lastUsedAt: Number(row['last_used_at']),
    expiresAt: Number(row['expires_at']),
    refreshLifetime: Number(row['refresh_lifetime']),
    endsAt: Number(row['ends_at']),
    accessUntil: Number(row['access_until']),
    revokedAt: numberOrNull(row['revoked_at']),
    revokedReason: row['revoked_reason'] as string | null,
    userAgent: row['user_agent'] as string | null,
    ip: row['ip'] as string | null,
  };
}

function numberOrNull(value: unknown): number | null {
  return value === null ? null : Number(value);
}
