import type { RequestInfo } from '../events/jwto-event.js';
import type { Mode, SignInLifetimes } from '../options/jwto-options.js';
import type { Session } from '../store/session.js';
import type { JwtoClaims } from '../tokens/claims.js';
import type { RevocationReason } from '../revocation/revoker.js';

/** Options of `TokenService.issue`. */
export interface IssueOptions {
  /** @defaultValue that of `like`; else the first mode of the settings */
  mode?: Mode | undefined;
  /** Lifetimes of this session, instead of those of the settings and the `lifetimes` hook. */
  lifetimes?: SignInLifetimes | undefined;
  /**
   * A session, or the claims of one of its tokens, whose mode and lifetimes the new one has, for instance after a password
   * change has ended it; `mode` and `lifetimes` go before it.
   */
  like?: { readonly sid: string } | undefined;
  /** Verified claims of sessions that end when the new one begins. @internal */
  replaces?: readonly JwtoClaims[] | undefined;
  /** Whether nobody would get the tokens. @internal */
  hasLeft?: (() => boolean) | undefined;
  /** Where the sign-in came from: `requestInfo(request)`. Kept with the session and told in the event. */
  request?: RequestInfo | undefined;
  /** When the password was asked, in milliseconds since the epoch. @defaultValue now @internal */
  signedInAt?: number | undefined;
  /** What the login's body has beside the credentials. @internal */
  body?: Readonly<Record<string, unknown>> | undefined;
}

/** A refresh token that was verified. */
export interface VerifiedRefresh {
  readonly claims: JwtoClaims;
  /** How it travelled, and so the new ones; by itself as the session's mode says. */
  readonly via?: 'header' | 'cookie' | undefined;
  /** Verifies it again if the keys have changed since; asked right before anything is written. */
  readonly assertStands: () => Promise<void>;
}

/** Options of `TokenService.refresh` and `TokenService.updateRefresh`. */
export interface RefreshOptions {
  /** Where the refresh came from: `requestInfo(request)`. */
  request?: RequestInfo | undefined;
  /** What an endpoint knows of the token; without it the token is verified here. @internal */
  verified?: VerifiedRefresh | undefined;
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
  Session,
  'sid' | 'mode' | 'signedInAt' | 'lastUsedAt' | 'expiresAt' | 'endsAt' | 'userAgent' | 'ip'
>;
