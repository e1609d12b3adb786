/** The names of all events. */
export const JWTO_EVENTS = [
  'jwto.logged_in',
  'jwto.login_failed',
  'jwto.token_validated',
  'jwto.access_refreshed',
  'jwto.refresh_updated',
  'jwto.blacklisted',
  'jwto.refresh_reused',
  'jwto.session_revoked',
  'jwto.csrf_failed',
] as const;

/**
 * The name of an event:
 *
 * - `jwto.logged_in`: new tokens, by login or `TokenService.issue`
 * - `jwto.login_failed`: a refused login; `reason` is its code
 * - `jwto.token_validated`: a validate endpoint answered 200
 * - `jwto.access_refreshed`, `jwto.refresh_updated`: a refresh, by the endpoint that did it; not the replay of a
 *   replaced token's successor
 * - `jwto.blacklisted`: a logout that revoked, or `TokenService.revokeToken`
 * - `jwto.refresh_reused`: a refresh token that was replaced before came back; `jwto.session_revoked` follows
 * - `jwto.session_revoked`: `revokeSession`, `revokeUser` (one a session), the user is gone, too many sessions, or a new
 *   login replaced the session; `reason` says which
 * - `jwto.csrf_failed`: a refusal by CSRF; `reason` is its code
 */
export type JwtoEventName = (typeof JWTO_EVENTS)[number];

/** What an event contains of the request: no header but the user agent, no query, no body and no token. */
export interface RequestInfo {
  readonly method: string;
  /** Without its query. */
  readonly path: string;
  /** As the framework gives it: behind a proxy, set its `trust proxy`. */
  readonly ip: string | null;
  /** At most 256 characters, without control characters. */
  readonly userAgent: string | null;
}

/** The payload of every event; deeply frozen. */
export interface JwtoEvent {
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly at: number;
  /** The name of the module instance; `default` of the one without a name. */
  readonly instance: string;
  /** `null` where no request led to it. */
  readonly request: RequestInfo | null;
  /** The user's id as a string; `null` where nobody is known. */
  readonly userId: string | null;
  /** The session. */
  readonly sid: string | null;
  /** The claims of the token that it is about. */
  readonly claims: Readonly<Record<string, unknown>> | null;
  /** Why, for the events that have more than one reason. */
  readonly reason?: string;
}
