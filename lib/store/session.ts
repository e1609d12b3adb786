import type { Mode } from '../options/jwto-options.js';

/** One sign-in on one device: the only truth about it. All times are milliseconds since the epoch. */
export interface Session {
  /** 128 random bits, base64url; never from outside. */
  sid: string;
  /** The module instance. */
  realm: string;
  /** As {@link storedId} gives it. */
  userId: string;
  /** How its tokens travel. */
  mode: Mode;
  /** SHA-256 of what changes with the password. */
  stamp: string | null;
  /** SHA-256 of whom the key of its access tokens speaks for; `null` for a key of the ring. */
  keyRealm: string | null;
  /** The refresh token that is accepted. */
  currentJti: string;
  /** Its `iat`. */
  currentIat: number;
  /** The refresh token that it replaced. */
  previousJti: string | null;
  rotatedAt: number | null;
  /** How often it rotated. */
  generation: number;
  signedInAt: number;
  lastUsedAt: number;
  /** When its refresh token expires. */
  expiresAt: number;
  /** How far `update_refresh` moves that, in milliseconds. */
  refreshLifetime: number;
  /** Its absolute end. */
  endsAt: number;
  /** The latest `exp` of any access token given out, by any process. */
  accessUntil: number;
  revokedAt: number | null;
  revokedReason: string | null;
  userAgent: string | null;
  ip: string | null;
}

/** A session as a sign-in makes it. */
export type NewSession = Omit<
  Session,
  'realm' | 'previousJti' | 'rotatedAt' | 'generation' | 'revokedAt' | 'revokedReason'
>;

/** When a refresh token is judged; milliseconds since the epoch. All but `now` count from when the request came. */
export interface Moment {
  now: number;
  /** The session must end later than this: by the leeway ago. */
  aliveAt: number;
  /** The session must have been used later than this. */
  usedAfter: number;
  /** What was replaced later than this is inside the grace. */
  notSince: number;
}

/** What a refresh writes; times in milliseconds since the epoch. */
export interface SessionExtension {
  sid: string;
  /** The `jti` that must still be the current one. */
  currentJti: string;
  /** Whom the key of the new access token speaks for: as the session has it, which may have none yet. */
  keyRealm: string | null;
  /** Asked when the statement is sent: the grace begins then, and not before the wait for a connection. */
  moment: () => Moment;
  /** The new expiry of the refresh token. */
  expiresAt: number;
  /** `exp` of the access token that is given out. */
  accessUntil: number;
  /** How long the write may take, in milliseconds; later than that it never happens. @defaultValue the store's limit */
  limit?: number | undefined;
}

/** What a rotation writes beside that. */
export interface SessionRotation extends SessionExtension {
  successor: { jti: string; iat: number };
}

/** A rotation that was answered 503, and may have been written all the same. */
export interface LostRotation {
  /** The session as it was. */
  readonly before: Readonly<Session>;
  /** The `jti` that nobody got. */
  readonly successor: string;
  /** What it wrote as its moment; milliseconds since the epoch. */
  readonly writtenAt: number;
}
