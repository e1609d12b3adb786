import { Inject, Injectable } from '@nestjs/common';
import { CsrfCheck } from '../csrf/csrf-check.js';
import { OPTIONS } from '../options/injection-keys.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import { COOKIE_NAMES, type CookieNames } from './cookie-names.js';
import { CookieWriter } from './cookie-writer.js';
import { warnOfLargeAnswer } from './large-answer.js';
import { carrierOf } from '../http/http-carrier.js';
import { appendCookies, type AnyReply } from '../http/raw-reply.js';
import { pathOf, type AnyRequest } from '../http/raw-request.js';
import { RefreshPath } from './refresh-path.js';

/** Under which key the rooms of a module instance find its {@link TokenTransport}, whatever its name. */
export const TRANSPORT = Symbol('jwto.transport');

/** What is behind it. */
interface Parts {
  options: ResolvedOptions;
  names: CookieNames;
  writer: CookieWriter;
  csrf: CsrfCheck | undefined;
  refreshPath: RefreshPath;
}

/**
 * Gives tokens to a client and takes them from it, on Express and Fastify. The endpoints use it; inject it where the
 * application signs users in by itself and its clients use cookies.
 *
 * Tests replace it by `overrideProvider(TokenTransport)`, or `getTokenTransportToken('name')`: the endpoints and
 * `TokenService.signIn` then call the replacement's `write`, `writeCsrf` and `clear`, and set no cookie themselves. Tokens
 * are read from requests without it.
 */
@Injectable()
export class TokenTransport {
  /** Nothing of it is shown by `util.inspect` or JSON. */
  readonly #parts: Parts;

  /** @internal */
  constructor(
    @Inject(OPTIONS) options: ResolvedOptions,
    @Inject(COOKIE_NAMES) names: CookieNames,
    writer: CookieWriter,
    @Inject(CsrfCheck) csrf: CsrfCheck | undefined,
    refreshPath: RefreshPath,
  ) {
    this.#parts = { options, names, writer, csrf, refreshPath };
  }

  /**
   * Adds the cookies of a session to a reply, CSRF token included. In `JSON` mode it does nothing: send the tokens.
   *
   * @param request - the request that is answered; the CSRF token that it proved is sent again
   */
  write(reply: AnyReply, tokens: IssuedTokens, request?: AnyRequest): void {
    const { mode, sid } = tokens;
    if (mode === 'JSON') return;
    const presented = request === undefined ? [] : carrierOf(request).cookies(this.#parts.names.csrf);
    const csrfToken = this.#parts.csrf?.tokenFor(sid, presented);
    const cookies = this.#parts.writer.set(tokens, mode, this.pathFor(request), csrfToken);
    warnOfLargeAnswer(cookies);
    appendCookies(reply, cookies);
  }

  /** Adds a new CSRF token for a session. @param endsAt - the session's end, milliseconds since the epoch */
  writeCsrf(reply: AnyReply, sid: string, endsAt: number): void {
    const { csrf, writer } = this.#parts;
    if (csrf !== undefined) appendCookies(reply, writer.setCsrf(csrf.tokenFor(sid, []), endsAt));
  }

  /** Takes every cookie of ours from the client. Where no mode uses cookies it does nothing. */
  clear(reply: AnyReply, request?: AnyRequest): void {
    const { options, writer } = this.#parts;
    if (options.modes.some((mode) => mode !== 'JSON')) appendCookies(reply, writer.clear(this.pathFor(request)));
  }

  private pathFor(request: AnyRequest | undefined): string {
    return this.#parts.refreshPath.near(request === undefined ? '/' : pathOf(request));
  }
}
