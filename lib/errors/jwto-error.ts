import { HttpException } from '@nestjs/common';

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

/** The HTTP status of each code. */
export const ERROR_STATUS: Readonly<Record<JwtoErrorCode, number>> = {
  request_invalid: 400,
  credentials_missing: 400,
  credentials_invalid: 401,
  login_throttled: 429,
  token_missing: 401,
  token_malformed: 401,
  token_invalid: 401,
  token_expired: 401,
  token_not_yet_valid: 401,
  token_wrong_type: 401,
  token_revoked: 401,
  token_reused: 401,
  user_inactive: 401,
  already_blacklisted: 409,
  session_not_found: 404,
  permission_denied: 403,
  csrf_origin: 403,
  csrf_missing: 403,
  csrf_mismatch: 403,
  token_too_large: 422,
  store_unavailable: 503,
};

/** The body of every refusal: `error` explains, `code` is stable. */
export interface JwtoErrorBody {
  statusCode: number;
  error: string;
  code: JwtoErrorCode;
  /** The likely cause, for the developer; with the setting `hints` only. */
  hint?: string;
}

/** What a {@link JwtoError} may carry beside its code and explanation. */
export interface JwtoErrorDetails {
  /** What led to it; for logs, never sent to a client. */
  cause?: unknown;
  /** Seconds after which the client may ask again; sent as `Retry-After`. */
  retryAfter?: number;
  /** The likely cause, for the developer. */
  hint?: string | undefined;
}

/**
 * The base of every refusal of this library. It is a Nest `HttpException`, so that a handler that lets it pass answers
 * with the right status and body; switch on {@link JwtoError.code} rather than on classes or texts.
 *
 * @example
 * ```ts
 * try {
 *   await tokens.verify(token);
 * } catch (error) {
 *   if (error instanceof JwtoError && error.code === 'token_expired') askToSignInAgain();
 *   else throw error;
 * }
 * ```
 */
export abstract class JwtoError extends HttpException {
  /** The stable reason. */
  readonly code: JwtoErrorCode;
  /** Seconds after which the client may ask again, where that helps. */
  readonly retryAfter: number | undefined;
  /** The likely cause, where the setting `hints` is on. */
  readonly hint: string | undefined;

  protected constructor(code: JwtoErrorCode, explanation: string, details: JwtoErrorDetails = {}) {
    const statusCode = ERROR_STATUS[code];
    super(bodyOf(code, explanation, details.hint), statusCode, { cause: details.cause, description: explanation });
    this.message = explanation;
    this.code = code;
    this.retryAfter = details.retryAfter;
    this.hint = details.hint;
  }

  /** The body a client gets, unless an `errorMapper` makes another. */
  get body(): JwtoErrorBody {
    return bodyOf(this.code, this.message, this.hint);
  }
}

function bodyOf(code: JwtoErrorCode, error: string, hint: string | undefined): JwtoErrorBody {
  return { statusCode: ERROR_STATUS[code], error, code, ...(hint === undefined ? {} : { hint }) };
}
