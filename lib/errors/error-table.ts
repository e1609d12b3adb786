/** A stable, machine-readable reason for a refusal; explanations may change. */
export type JwtoErrorCode =
  | 'request_invalid'
  | 'credentials_missing'
  | 'credentials_invalid'
  | 'login_throttled'
  | 'token_missing'
  | 'token_malformed'
  | 'token_invalid'
  | 'token_expired'
  | 'token_not_yet_valid'
  | 'token_wrong_type'
  | 'token_revoked'
  | 'token_reused'
  | 'user_inactive'
  | 'already_blacklisted'
  | 'session_not_found'
  | 'permission_denied'
  | 'csrf_origin'
  | 'csrf_missing'
  | 'csrf_mismatch'
  | 'token_too_large'
  | 'store_unavailable';

/** What a code means. */
interface ErrorMeaning {
  /** The status of HTTP that it is answered with. */
  readonly status: number;
  /** Whether the sign-in is over for a client whose refresh token is refused with it: the token is not accepted again. */
  readonly endsSession: boolean;
  /** What the request lacks for anybody to be known by it. `undefined`: the refusal has another reason. */
  readonly lacks?: 'password' | 'token' | 'good token';
}

/** Every code and what it means. No other place knows the status of a code, nor asks for it to know what happened. */
export const ERRORS: Readonly<Record<JwtoErrorCode, ErrorMeaning>> = {
  request_invalid: { status: 400, endsSession: false },
  credentials_missing: { status: 400, endsSession: false },
  credentials_invalid: { status: 401, endsSession: false, lacks: 'password' },
  login_throttled: { status: 429, endsSession: false },
  token_missing: { status: 401, endsSession: true, lacks: 'token' },
  token_malformed: { status: 401, endsSession: true, lacks: 'good token' },
  token_invalid: { status: 401, endsSession: true, lacks: 'good token' },
  token_expired: { status: 401, endsSession: true, lacks: 'good token' },
  /** A clock was set back: the token is accepted when it has caught up. */
  token_not_yet_valid: { status: 401, endsSession: false, lacks: 'good token' },
  /** The client has sent the wrong one of two tokens that may both be good. */
  token_wrong_type: { status: 401, endsSession: false, lacks: 'good token' },
  token_revoked: { status: 401, endsSession: true, lacks: 'good token' },
  token_reused: { status: 401, endsSession: true, lacks: 'good token' },
  user_inactive: { status: 401, endsSession: true, lacks: 'good token' },
  already_blacklisted: { status: 409, endsSession: false },
  session_not_found: { status: 404, endsSession: false },
  permission_denied: { status: 403, endsSession: false },
  csrf_origin: { status: 403, endsSession: false },
  csrf_missing: { status: 403, endsSession: false },
  csrf_mismatch: { status: 403, endsSession: false },
  token_too_large: { status: 422, endsSession: false },
  store_unavailable: { status: 503, endsSession: false },
};

/** Whether a refusal is about a token that was sent, which RFC 6750 §3.1 calls `invalid_token`. */
export function isAboutSentToken(code: JwtoErrorCode): boolean {
  return ERRORS[code].lacks === 'good token';
}
