import type { CsrfClues, CsrfEvidence } from '../csrf/csrf-evidence.js';
import type { HintLog } from '../csrf/hint-log.js';
import { RequestInvalidError } from '../errors/request-errors.js';
import { TokenMissingError } from '../errors/token-errors.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { TokenType } from '../tokens/claims.js';
import { isCompactJws } from '../tokens/strict-jws.js';
import { readBearer } from './bearer.js';
import { cookieNamesIn, cookieValues } from './cookie-header.js';
import type { CookieMode, CookieNames } from './cookie-names.js';
import { formToken } from '../http/form-token.js';
import { missingHint } from './missing-hint.js';
import { headerOf, isEncrypted, rawOf, trimWhiteSpace, type AnyRequest } from '../http/raw-request.js';

/** The one credential of a request: a header's token, or the cookies of that name, of which a stranger may have planted some. */
export interface Credential {
  readonly from: 'header' | 'cookie';
  /** At least one. */
  readonly tokens: readonly string[];
}

/**
 * So many tokens in cookies are verified for a request: that costs up to 5 ms for each, or a question to `resolveKey`. A
 * browser has three, and each once more for every `domain` that there was.
 */
const MAX_CANDIDATES = 10;

/** Where other libraries send a CSRF token: Angular and axios, csurf, Laravel. */
const OTHER_HEADERS = ['x-xsrf-token', 'x-csrf-token', 'csrf-token', 'xsrf-token'];

/** Finds the credential of a request. */
export class CredentialReader {
  private readonly cookieModes: readonly CookieMode[];

  /** @param hints - where refusals shall name their likely cause */
  constructor(
    private readonly options: ResolvedOptions,
    private readonly names: CookieNames,
    private readonly hints?: HintLog,
  ) {
    this.cookieModes = options.modes.filter((mode) => mode !== 'JSON');
  }

  /**
   * `Authorization: Bearer` decides where `JSON` is among the modes, even if it is bad; else the cookies.
   *
   * @throws JwtoError `token_missing`, as the first mode says; `request_invalid`, `token_malformed` for a bad header;
   * `request_invalid` for more than ten tokens in cookies
   */
  read(request: AnyRequest, type: TokenType): Credential {
    const credential = this.find(request, type);
    if (credential === undefined) throw this.missing(request, type);
    return credential;
  }

  /** The same, where a request may as well have none. @throws JwtoError for a bad header, and for too many cookies */
  find(request: AnyRequest, type: TokenType): Credential | undefined {
    return this.bearer(request) ?? cookieCredential(candidates(this.cookies(request, type)));
  }

  /** Every token that the request carries, of both types; for a logout. @throws JwtoError as {@link CredentialReader.read} */
  readAll(request: AnyRequest): Credential | undefined {
    return this.bearer(request) ?? cookieCredential(this.readCookies(request));
  }

  /** Every token in a cookie, of both types. @throws JwtoError `request_invalid` for more than ten */
  readCookies(request: AnyRequest): readonly string[] {
    return candidates([...this.cookies(request, 'refresh'), ...this.cookies(request, 'access')]);
  }

  /** What the request shows of where it came from. */
  evidence(request: AnyRequest): CsrfEvidence {
    const raw = rawOf(request);
    const { originalMethod } = request as { originalMethod?: string };
    return {
      methods: [raw.method ?? '', ...(originalMethod === undefined ? [] : [originalMethod])],
      handshake: opensWebSocket(request),
      host: headerOf(request, 'host') ?? headerOf(request, ':authority'),
      encrypted: isEncrypted(request),
      origin: headerOf(request, 'origin'),
      referer: headerOf(request, 'referer'),
      site: headerOf(request, 'sec-fetch-site'),
      header: headerOf(request, 'x-csrftoken'),
      field: this.options.csrf === 'django' ? formToken(request) : undefined,
      cookies: cookieValues(request, this.names.csrf),
      cookieName: this.names.csrf,
      clues: () => this.clues(request),
    };
  }

  /** The refusal of a request without a credential. */
  missing(request: AnyRequest, type: TokenType): TokenMissingError {
    const [first] = this.options.modes;
    if (first === 'JSON') return new TokenMissingError();
    const found = this.hints && missingHint(this.evidence(request), this.options);
    if (found !== undefined) this.hints?.tell(`No session cookie (${found.cause})`, found.hint);
    return new TokenMissingError(type === 'refresh' ? this.names.refresh : this.names.access[first], found?.hint);
  }

  private clues(request: AnyRequest): CsrfClues {
    return {
      headers: OTHER_HEADERS.filter((name) => headerOf(request, name) !== undefined),
      cookies: cookieNamesIn(request).filter((name) => name !== this.names.csrf && name.endsWith('csrftoken')),
    };
  }

  private bearer(request: AnyRequest): Credential | undefined {
    if (!this.options.modes.includes('JSON')) return undefined;
    const token = readBearer(request);
    if (token === '') throw new TokenMissingError();
    return token === undefined ? undefined : { from: 'header', tokens: [token] };
  }

  private cookies(request: AnyRequest, type: TokenType): string[] {
    const names = type === 'refresh' ? [this.names.refresh] : this.cookieModes.map((mode) => this.names.access[mode]);
    return this.cookieModes.length === 0 ? [] : names.flatMap((name) => cookieValues(request, name));
  }
}

function cookieCredential(tokens: readonly string[]): Credential | undefined {
  return tokens.length === 0 ? undefined : { from: 'cookie', tokens };
}

/** Of several cookies those that may be tokens, or else one, whose refusal says what it is. */
function candidates(values: readonly string[]): readonly string[] {
  if (values.length < 2) return values;
  const tokens = values.filter(isCompactJws);
  if (tokens.length > MAX_CANDIDATES) {
    throw new RequestInvalidError(
      `The request has over ${String(MAX_CANDIDATES)} cookies with tokens: clear the cookies of this site.`,
    );
  }
  return tokens.length === 0 ? values.slice(0, 1) : tokens;
}

/** The protocols of `Upgrade` compare without regard to case (RFC 9110 §7.8). */
function opensWebSocket(request: AnyRequest): boolean {
  const protocol = headerOf(request, rawOf(request).method === 'CONNECT' ? ':protocol' : 'upgrade') ?? '';
  return protocol.split(',').some((name) => /^websocket(?:\/.*)?$/i.test(trimWhiteSpace(name)));
}
