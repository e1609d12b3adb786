import { HttpException } from '@nestjs/common';
import { isAboutSentToken } from '../errors/token-errors.js';
import type { JwtoError } from '../errors/jwto-error.js';
import type { MappedError, ResolvedOptions } from '../options/jwto-options.js';
import { setHeader, type AnyReply } from './raw-reply.js';

/** The one place where a refusal gets its form: headers, status and body. */
export class Refusals {
  constructor(private readonly options: Pick<ResolvedOptions, 'errorMapper'>) {}

  /** Status and body of a refusal; the contract's, or the `errorMapper`'s. */
  form(error: JwtoError): MappedError {
    return this.options.errorMapper?.(error, error.body) ?? { status: error.getStatus(), body: error.body };
  }

  /** Sets the headers that go with a refusal: `WWW-Authenticate` (RFC 6750 §3) and `Retry-After`. */
  setHeaders(reply: AnyReply, error: JwtoError): void {
    if (error.getStatus() === 401) {
      const detail = isAboutSentToken(error.code) ? ', error="invalid_token"' : '';
      setHeader(reply, 'WWW-Authenticate', `Bearer realm="api"${detail}`);
    }
    if (error.retryAfter !== undefined) setHeader(reply, 'Retry-After', String(error.retryAfter));
  }

  /** The exception that makes Nest answer so. */
  exception(error: JwtoError): HttpException {
    if (this.options.errorMapper === undefined) return error;
    const { status, body } = this.form(error);
    return new HttpException(body as string | Record<string, unknown>, status, { cause: error });
  }
}
