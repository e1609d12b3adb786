import { HttpException } from '@nestjs/common';
import { ERRORS, type JwtoErrorCode } from './error-table.js';

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
    const { status } = ERRORS[code];
    super(bodyOf(code, explanation, details.hint), status, { cause: details.cause, description: explanation });
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

/**
 * Whether something thrown is a refusal because the request proves nobody: no token, none that is accepted, or not the
 * right password. The same request may succeed with another credential.
 */
export function provesNobody(error: unknown): error is JwtoError {
  return error instanceof JwtoError && ERRORS[error.code].lacks !== undefined;
}

function bodyOf(code: JwtoErrorCode, error: string, hint: string | undefined): JwtoErrorBody {
  return { statusCode: ERRORS[code].status, error, code, ...(hint === undefined ? {} : { hint }) };
}
