import { stringifySetCookie } from 'cookie';
import { Inject, Injectable, Logger } from '@nestjs/common';
import { Clock, toSeconds } from '../clock/clock.js';
import { TokenTooLargeError } from '../errors/token-errors.js';
import { OPTIONS } from '../options/injection-keys.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { DeliveryLimits, type IssuedTokens } from '../tokens/issued-tokens.js';
import { MAX_TOKEN_BYTES } from '../tokens/strict-jws.js';
import { COOKIE_NAMES, type CookieMode, type CookieNames } from './cookie-names.js';
import { payloadCookie } from './payload-cookie.js';

/** The most that every browser stores of a cookie's name and value (RFC 6265bis §5.6). */
const MAX_COOKIE_BYTES = 4096;

/** A cookie as it is set, or cleared. */
interface CookieSpec {
  name: string;
  path: string;
  httpOnly: boolean;
}

/** Writes the cookies of a session as `Set-Cookie` values, and clears them with the attributes that set them. */
@Injectable()
export class CookieWriter extends DeliveryLimits {
  private readonly logger = new Logger('Jwto');

  constructor(
    @Inject(OPTIONS) private readonly options: ResolvedOptions,
    @Inject(COOKIE_NAMES) private readonly names: CookieNames,
    private readonly clock: Clock,
  ) {
    super();
  }

  override check(tokens: IssuedTokens): void {
    const { mode } = tokens;
    if (mode === 'JSON') {
      this.assertFits('The access token', tokens.access.length, MAX_TOKEN_BYTES);
      this.assertFits('The refresh token', tokens.refresh.length, MAX_TOKEN_BYTES);
      return;
    }
    for (const [{ name }, value] of this.tokenCookies(tokens, mode, '/')) {
      this.assertFits(`The cookie "${name}"`, name.length + value.length, MAX_COOKIE_BYTES);
    }
  }

  /**
   * The `Set-Cookie` values that give a session to a browser.
   *
   * @param refreshPath - the `Path` of the refresh cookie
   * @param csrfToken - without it, no CSRF cookie is set
   */
  set(tokens: IssuedTokens, mode: CookieMode, refreshPath: string, csrfToken: string | undefined): string[] {
    const cookies = this.tokenCookies(tokens, mode, refreshPath).flatMap(([spec, value, exp]) =>
      this.replace(spec, value, exp),
    );
    if (csrfToken !== undefined) cookies.push(...this.setCsrf(csrfToken, tokens.endsAt));
    // The cookies of another mode would be a second session beside this one.
    const stale = this.accessSpecs().filter(({ name }) => !this.specsOf(mode).some((spec) => spec.name === name));
    return [...cookies, ...stale.flatMap((spec) => this.expire(spec))];
  }

  /** @param endsAt - the session's end in milliseconds since the epoch */
  setCsrf(csrfToken: string, endsAt: number): string[] {
    return this.replace(this.csrfSpec(), csrfToken, toSeconds(endsAt));
  }

  /** The `Set-Cookie` values that take every cookie of ours from a browser. */
  clear(refreshPath: string): string[] {
    const specs = [
      ...this.accessSpecs(),
      this.refreshSpec(refreshPath),
      ...(this.options.csrf === false ? [] : [this.csrfSpec()]),
    ];
    return specs.flatMap((spec) => this.expire(spec));
  }

  private tokenCookies(tokens: IssuedTokens, mode: CookieMode, refreshPath: string): [CookieSpec, string, number][] {
    const values = { [this.names.payload]: payloadCookie(tokens.accessClaims) };
    const access = this.specsOf(mode).map((spec): [CookieSpec, string, number] => [
      spec,
      values[spec.name] ?? tokens.access,
      tokens.accessClaims.exp,
    ]);
    return [...access, [this.refreshSpec(refreshPath), tokens.refresh, tokens.refreshClaims.exp]];
  }

  private specsOf(mode: CookieMode): CookieSpec[] {
    const access = { name: this.names.access[mode], path: '/', httpOnly: true };
    return mode === 'ONE-COOKIE' ? [access] : [access, { name: this.names.payload, path: '/', httpOnly: false }];
  }

  private accessSpecs(): CookieSpec[] {
    return this.options.modes.flatMap((mode) => (mode === 'JSON' ? [] : this.specsOf(mode)));
  }

  private refreshSpec(path: string): CookieSpec {
    return { name: this.names.refresh, path, httpOnly: true };
  }

  private csrfSpec(): CookieSpec {
    return { name: this.names.csrf, path: '/', httpOnly: false };
  }

  /** Sets a cookie; where it has a `Domain`, the host-only one of that name would be sent beside it. */
  private replace(spec: CookieSpec, value: string, exp: number): string[] {
    const maxAge = Math.max(0, exp - toSeconds(this.clock.now()));
    const { domain } = this.options;
    return [...this.others(spec), this.stringify(spec, value, maxAge, domain)];
  }

  private expire(spec: CookieSpec): string[] {
    return [...this.others(spec), this.stringify(spec, '', 0, this.options.domain)];
  }

  /** The same cookie under the domains where an earlier setting may have left it, expired. */
  private others(spec: CookieSpec): string[] {
    const { domain, formerDomains } = this.options;
    const domains = [
      ...(domain === undefined ? [] : [undefined]),
      ...formerDomains.filter((former) => former !== domain),
    ];
    return domains.map((other) => this.stringify(spec, '', 0, other));
  }

  private stringify(
    { name, path, httpOnly }: CookieSpec,
    value: string,
    maxAge: number,
    domain: string | undefined,
  ): string {
    const { sameSite, secureCookies } = this.options;
    const cookie = {
      name,
      value,
      path,
      httpOnly,
      maxAge,
      secure: secureCookies,
      sameSite: sameSite.toLowerCase() as 'lax',
    };
    return stringifySetCookie(domain === undefined ? cookie : { ...cookie, domain }, { encode: (text) => text });
  }

  private assertFits(what: string, bytes: number, limit: number): void {
    if (bytes <= limit) return;
    const error = new TokenTooLargeError(what, bytes, limit);
    this.logger.warn(error.message);
    throw error;
  }
}
