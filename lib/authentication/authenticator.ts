import { provesNobody, type JwtoError } from '../errors/jwto-error.js';
import { RequestInvalidError } from '../errors/request-errors.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { TokenAuthority } from '../sign-in/token-authority.js';
import type { JwtoClaims, TokenType } from '../tokens/claims.js';
import type { TokenVerifier } from '../tokens/token-verifier.js';
import type { Credential, CredentialReader } from '../credentials/credential-reader.js';
import type { Carrier } from '../http/carrier.js';
import type { RequestCsrf } from './request-csrf.js';
import { mostTelling, newestOfOneSession } from './candidates.js';

/** Who a request is from. */
export interface Authenticated {
  /** Verified, and shared: copy them before anything may change them. */
  readonly claims: JwtoClaims;
  /** How the token came. */
  readonly from: Credential['from'];
  /** Who says so. Another application's, through which a request came before, says it of users of its own. */
  readonly by: Authenticator;
}

type Verifier = Pick<TokenVerifier, 'verify'>;

/** The rooms below, as a request goes through them. */
export interface AuthenticatorParts {
  readonly reader: CredentialReader;
  readonly csrf: RequestCsrf;
  readonly tokens: TokenAuthority;
  readonly keys: KeyRing;
}

/**
 * The way of a request, in one direction: credential → CSRF → signature, claims, expiry → CSRF binding → revocation.
 * Guards, the validate endpoints and the Passport strategy all take it.
 */
export class Authenticator {
  constructor(private readonly parts: AuthenticatorParts) {}

  /**
   * Synchronous where nothing has to be waited for: no `resolveKey`, no other issuer, and a revocation check in memory.
   *
   * @param csrfExempt - of a route that `@CsrfExempt()` stands on
   * @throws JwtoError any code that is about a token, `request_invalid`, the `csrf_…` codes, `store_unavailable`
   */
  authenticate(carrier: Carrier, type: TokenType, csrfExempt = false): Authenticated | Promise<Authenticated> {
    const { tokens, keys } = this.parts;
    const { epoch } = keys;
    // The tokens of other issuers come in the header only: a cookie is always a session's of ours.
    const examined = this.examine(carrier, type, tokens, tokens.own, csrfExempt);
    const found =
      examined instanceof Promise
        ? examined.then((one) => this.assertNotRevoked(carrier, type, one))
        : this.assertNotRevoked(carrier, type, examined);
    if (!(found instanceof Promise)) return found;
    // A key that went while something was waited for has ended its tokens.
    return found.then((one) => (keys.epoch === epoch ? one : this.authenticate(carrier, type, csrfExempt)));
  }

  /**
   * Looks again at what was found of a request before: its expiry, its key, its CSRF evidence and whether it was revoked.
   * A request may live as long as a socket, and carry many operations. Whatever no longer stands, or cannot be judged
   * without the token, is authenticated anew.
   *
   * @param authenticated - what {@link Authenticator.authenticate} found of this request
   * @throws JwtoError as {@link Authenticator.authenticate}
   */
  confirm(
    carrier: Carrier,
    type: TokenType,
    authenticated: Authenticated,
    csrfExempt = false,
  ): Authenticated | Promise<Authenticated> {
    const { claims, from } = authenticated;
    const isConfirmed = type === 'access' && from === 'header' && this.parts.tokens.own.stands(claims, type);
    return isConfirmed
      ? this.assertNotRevoked(carrier, type, authenticated)
      : this.authenticate(carrier, type, csrfExempt);
  }

  /**
   * Whether a request has a credential for this type of token, good or bad.
   *
   * @throws JwtoError `request_invalid`, `token_malformed`, `token_missing` for a header that has none behind its scheme
   */
  hasCredential(carrier: Carrier, type: TokenType): boolean {
    return this.parts.reader.find(carrier, type) !== undefined;
  }

  /** Everything but revocation, and of our own tokens, for the refresh endpoints: there the session's row decides. */
  async identify(carrier: Carrier, type: TokenType): Promise<Authenticated> {
    const { own } = this.parts.tokens;
    return this.examine(carrier, type, own, own);
  }

  /** Whether the request has a good, unrevoked token of ours of this type; for a login, which does nothing then. */
  async isGood(carrier: Carrier, type: TokenType): Promise<boolean> {
    try {
      const credential = this.parts.reader.find(carrier, type);
      if (credential === undefined) return false;
      const claims = await this.choose(credential, type, this.parts.tokens.own);
      await this.parts.tokens.assertNotRevoked(claims);
      return true;
    } catch (error) {
      if (provesNobody(error)) return false;
      throw error;
    }
  }

  private assertNotRevoked(
    carrier: Carrier,
    type: TokenType,
    authenticated: Authenticated,
  ): Authenticated | Promise<Authenticated> {
    const info = type === 'refresh' ? carrier.info : null;
    const asked = this.parts.tokens.assertNotRevoked(authenticated.claims, info);
    return asked instanceof Promise ? asked.then(() => authenticated) : authenticated;
  }

  private examine(
    carrier: Carrier,
    type: TokenType,
    ofHeader: Verifier,
    ofCookie: Verifier,
    csrfExempt = false,
  ): Authenticated | Promise<Authenticated> {
    const credential = this.parts.reader.read(carrier, type);
    const { from, tokens } = credential;
    const isPaired = from === 'cookie' && !csrfExempt && this.parts.csrf.assertPair(carrier);
    const [token = ''] = tokens;
    const verifier = from === 'header' ? ofHeader : ofCookie;
    const bindAny = (good: readonly JwtoClaims[]): void => {
      if (isPaired) this.parts.csrf.assertBound(carrier, good);
    };
    const claims =
      tokens.length === 1 ? verifier.verify(token, type) : this.choose(credential, type, verifier, bindAny);
    return claims instanceof Promise
      ? claims.then((own) => this.bind(carrier, own, from, isPaired))
      : this.bind(carrier, claims, from, isPaired);
  }

  private bind(carrier: Carrier, claims: JwtoClaims, from: Credential['from'], isPaired: boolean): Authenticated {
    if (isPaired) this.parts.csrf.assertBound(carrier, [claims]);
    return { claims, from, by: this };
  }

  /**
   * The good one among the tokens of a credential. Planted cookies that do not verify are ignored; where good ones of
   * different sessions remain, those of ended sessions are.
   *
   * @param beforeStore - refuses before the store is asked which sessions have ended: to ask may end one, whose replaced
   * token came back
   */
  private async choose(
    { tokens }: Credential,
    type: TokenType,
    verifier: Verifier,
    beforeStore: (good: readonly JwtoClaims[]) => void = () => undefined,
  ): Promise<JwtoClaims> {
    const good: JwtoClaims[] = [];
    const errors: JwtoError[] = [];
    for (const token of tokens) {
      try {
        good.push(await verifier.verify(token, type));
      } catch (error) {
        if (!provesNobody(error)) throw error;
        errors.push(error);
      }
    }
    if (good.length === 0) throw mostTelling(errors);
    const only = newestOfOneSession(good);
    if (only !== undefined) return only;
    beforeStore(good);
    const living = newestOfOneSession(await this.living(good));
    if (living !== undefined) return living;
    throw new RequestInvalidError('The request carries tokens of two sessions: clear the cookies of this site.');
  }

  private async living(claims: readonly JwtoClaims[]): Promise<JwtoClaims[]> {
    const living: JwtoClaims[] = [];
    for (const one of claims) {
      try {
        await this.parts.tokens.assertNotRevoked(one);
        living.push(one);
      } catch (error) {
        if (!provesNobody(error)) throw error;
      }
    }
    return living.length > 0 ? living : claims.slice(0, 1);
  }
}
