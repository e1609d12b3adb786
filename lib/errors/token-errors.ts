import { JwtoError } from './jwto-error.js';

/** 401 `token_missing`: no credential came with the request. */
export class TokenMissingError extends JwtoError {
  /**
   * @param cookie - the cookie that was looked for; without it the `Authorization` header was
   * @param hint - the likely cause, for the developer
   */
  constructor(cookie?: string, hint?: string) {
    super(
      'token_missing',
      cookie === undefined ? 'Token not found in "Authorization" header.' : `Cookie "${cookie}" cannot be empty.`,
      { hint },
    );
  }
}

/** One text for every cause, so that an answer teaches nothing about why a forged token failed (RFC 8725 §3.1). */
const BAD_TOKEN = 'The token is not valid.';

/** 401 `token_malformed`: not three canonical base64url segments of JSON objects (RFC 7515 §3.1, §5.2). */
export class TokenMalformedError extends JwtoError {
  constructor() {
    super('token_malformed', BAD_TOKEN);
  }
}

/** 401 `token_invalid`: signature, algorithm, key or a claim is wrong. */
export class TokenInvalidError extends JwtoError {
  constructor() {
    super('token_invalid', BAD_TOKEN);
  }
}

/** 401 `token_expired`: `exp` has passed; at exactly `exp` a token is expired (RFC 7519 §4.1.4). */
export class TokenExpiredError extends JwtoError {
  constructor() {
    super('token_expired', 'Signature has expired');
  }
}

/** 401 `token_not_yet_valid`: `nbf` is still to come (RFC 7519 §4.1.5). */
export class TokenNotYetValidError extends JwtoError {
  constructor() {
    super('token_not_yet_valid', 'The token is not yet valid (nbf)');
  }
}

/** 401 `token_wrong_type`: a refresh token where an access token is due, or the other way round. */
export class TokenWrongTypeError extends JwtoError {
  constructor(due: 'access' | 'refresh') {
    super('token_wrong_type', `This needs the ${due} token.`);
  }
}

/** 401 `token_revoked`: the token, its session or its user was revoked, or there is no such session. */
export class TokenRevokedError extends JwtoError {
  constructor(explanation = 'The token has been revoked.') {
    super('token_revoked', explanation);
  }
}

/** 401 `token_reused`: a refresh token that was replaced before came back; the session is revoked (RFC 9700 §4.14.2). */
export class TokenReusedError extends JwtoError {
  constructor() {
    super('token_reused', 'This refresh token was replaced before; its session has been ended.');
  }
}

/** 401 `user_inactive`: at a refresh the user was found gone or deactivated; the session is revoked. */
export class UserInactiveError extends JwtoError {
  constructor() {
    super('user_inactive', 'The user of this session is gone or inactive; the session has been ended.');
  }
}

/** 409 `already_blacklisted`: the session was revoked before. */
export class AlreadyBlacklistedError extends JwtoError {
  constructor() {
    super('already_blacklisted', 'Input jti token is already blacklisted.');
  }
}

/** 422 `token_too_large`: a token would not fit where it has to travel; nothing was issued or changed. */
export class TokenTooLargeError extends JwtoError {
  /**
   * @param what - the cookie or token that is too large
   * @param bytes - how large it is
   * @param limit - how large it may be, in bytes
   */
  constructor(what: string, bytes: number, limit: number) {
    super(
      'token_too_large',
      `${what} would have ${String(bytes)} bytes, ${String(limit)} are possible: have the ClaimsProvider return less, or give this user fewer permissions.`,
    );
  }
}
