import type { HintLog } from '../csrf/hint-log.js';
import { RequestInvalidError } from '../errors/request-errors.js';
import { TokenMissingError } from '../errors/token-errors.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { TokenType } from '../tokens/claims.js';
import { isCompactJws } from '../tokens/strict-jws.js';
import { readBearer } from './bearer.js';
import type { CookieMode, CookieNames } from './cookie-names.js';
import { missingHint } from './missing-hint.js';
import type { Carrier } from '../http/carrier.js';

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
  read(carrier: Carrier, type: TokenType): Credential {
    const credential = this.find(carrier, type);
    if (credential === undefined) throw this.missing(carrier, type);
    return credential;
  }

  /** The same, where a request may as well have none. @throws JwtoError for a bad header, and for too many cookies */
  find(carrier: Carrier, type: TokenType): Credential | undefined {
    return this.bearer(carrier) ?? cookieCredential(candidates(this.cookies(carrier, type)));
  }

  /** Every token that the request carries, of both types; for a logout. @throws JwtoError as {@link CredentialReader.read} */
  readAll(carrier: Carrier): Credential | undefined {
    return this.bearer(carrier) ?? cookieCredential(this.readCookies(carrier));
  }

  /** Every token in a cookie, of both types. @throws JwtoError `request_invalid` for more than ten */
  readCookies(carrier: Carrier): readonly string[] {
    return candidates([...this.cookies(carrier, 'refresh'), ...this.cookies(carrier, 'access')]);
  }

  /** The refusal of a request without a credential. */
  missing(carrier: Carrier, type: TokenType): TokenMissingError {
    const [first] = this.options.modes;
    if (first === 'JSON') return new TokenMissingError();
    const found = this.hints && missingHint(carrier, this.options);
    if (found !== undefined) this.hints?.tell(`No session cookie (${found.cause})`, found.hint);
    return new TokenMissingError(type === 'refresh' ? this.names.refresh : this.names.access[first], found?.hint);
  }

  private bearer(carrier: Carrier): Credential | undefined {
    if (!this.options.modes.includes('JSON')) return undefined;
    const token = readBearer(carrier.authorization);
    if (token === '') throw new TokenMissingError();
    return token === undefined ? undefined : { from: 'header', tokens: [token] };
  }

  private cookies(carrier: Carrier, type: TokenType): string[] {
    const names = type === 'refresh' ? [this.names.refresh] : this.cookieModes.map((mode) => this.names.access[mode]);
    return this.cookieModes.length === 0 ? [] : names.flatMap((name) => carrier.cookies(name));
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
