import { HttpException, Inject, Injectable, Logger } from '@nestjs/common';
import { isAboutSentToken } from '../errors/error-table.js';
import { provesNobody, type JwtoError } from '../errors/jwto-error.js';
import type { MappedError } from '../options/jwto-options.js';
import { OPTIONS } from '../options/injection-keys.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { setHeader, type AnyReply } from '../http/raw-reply.js';

/** The one place where a refusal gets its form: headers, status and body. */
@Injectable()
export class Refusals {
  private readonly logger = new Logger('Jwto');

  constructor(@Inject(OPTIONS) private readonly options: Pick<ResolvedOptions, 'errorMapper' | 'rotationGrace'>) {}

  /** Status and body of a refusal; the contract's, or the `errorMapper`'s, unless that fails. */
  form(error: JwtoError): MappedError {
    const own = { status: error.getStatus(), body: error.body };
    const { errorMapper } = this.options;
    if (errorMapper === undefined) return own;
    try {
      return read(errorMapper(error, error.body)) ?? own;
    } catch (failure) {
      this.logger.error('errorMapper failed', failure instanceof Error ? failure.stack : String(failure));
    }
    return own;
  }

  /** Sets the headers that go with a refusal. */
  setHeaders(reply: AnyReply, error: JwtoError): void {
    for (const [name, value] of this.headers(error)) setHeader(reply, name, value);
  }

  /** The headers that go with a refusal: `WWW-Authenticate` (RFC 6750 §3) and `Retry-After`. */
  headers(error: JwtoError): ReadonlyMap<string, string> {
    const headers = new Map<string, string>();
    if (provesNobody(error)) {
      const detail = isAboutSentToken(error.code) ? ', error="invalid_token"' : '';
      headers.set('WWW-Authenticate', `Bearer realm="api"${detail}`);
    }
    if (error.retryAfter !== undefined) headers.set('Retry-After', String(this.retryAfter(error.retryAfter, error)));
    return headers;
  }

  /** A refresh that is asked for again within half the grace finds its token accepted, whatever became of the first. */
  private retryAfter(seconds: number, { code }: JwtoError): number {
    return code === 'store_unavailable'
      ? Math.max(1, Math.min(seconds, Math.floor(this.options.rotationGrace / 2)))
      : seconds;
  }

  /** The exception that makes Nest answer so. */
  exception(error: JwtoError): HttpException {
    if (this.options.errorMapper === undefined) return error;
    const { status, body } = this.form(error);
    return new HttpException(body as string | Record<string, unknown>, status, { cause: error });
  }
}

/** What an `errorMapper` gave, read once: the body as the plain JSON that goes out. */
function read(given: MappedError | undefined): MappedError | undefined {
  // The type allows no promise, and one that nobody looks at would end the process when it rejects.
  if (given instanceof Promise) given.catch(() => undefined);
  if (given === undefined) return undefined;
  const { status, body } = given;
  const json = JSON.stringify(body) as string | undefined;
  if (!Number.isInteger(status) || status < 400 || status > 599 || json === undefined) {
    throw new TypeError('it must return { status, body } with a status from 400 to 599 and a body of JSON');
  }
  return { status, body: JSON.parse(json) };
}
