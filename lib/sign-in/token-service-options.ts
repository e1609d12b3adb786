import type { RequestInfo } from '../events/jwto-event.js';
import type { Mode } from '../options/jwto-options.js';
import type { JwtoSession } from '../sessions/session.entity.js';
import type { RevocationReason } from './revoker.js';

/** Options of `TokenService.issue`. */
export interface IssueOptions {
  /** @defaultValue the first mode of the settings */
  mode?: Mode | undefined;
  /** Where the sign-in came from: `requestInfo(request)`. Kept with the session and told in the event. */
  request?: RequestInfo | undefined;
}

/** Options of `TokenService.revokeSession`. */
export interface RevokeOptions {
  /** Told in `jwto.session_revoked`, at most 64 characters. @defaultValue `'revoked'` */
  reason?: RevocationReason | undefined;
  /** Where it came from: `requestInfo(request)`. */
  request?: RequestInfo | undefined;
}

/** A live session, as `TokenService.listSessions` shows it. Times are milliseconds since the epoch. */
export type SessionInfo = Pick<
  JwtoSession,
  'sid' | 'mode' | 'signedInAt' | 'lastUsedAt' | 'expiresAt' | 'endsAt' | 'userAgent' | 'ip'
>;
