import { Inject, Injectable, Logger } from '@nestjs/common';
import { toSeconds } from '../clock/clock.js';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import { StoreUnavailableError } from '../errors/store-errors.js';
import type { Mode } from '../options/jwto-options.js';
import { OPTIONS } from '../options/injection-keys.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { randomId } from '../tokens/session-id.js';
import { missingClaims } from '../tokens/claim-rules.js';
import { composeClaims, type JwtoUser, type JwtoClaims, type TokenType } from '../tokens/claims.js';
import { type SignedToken, TokenSigner } from '../tokens/token-signer.js';
import { claimId, idText } from '../users/sign-in-user.js';
import { UserDirectory } from '../users/user-directory.js';
import type { SignInUser } from '../users/user-provider.js';
import { DeliveryLimits, type IssuedTokens } from '../tokens/issued-tokens.js';

/** What two tokens are made from. Times are milliseconds since the epoch. */
export interface TokenPlan {
  sid: string;
  mode: Mode;
  now: number;
  signedInAt: number;
  endsAt: number;
  refresh: { jti: string; iat: number; expiresAt: number };
}

/** Both tokens of a session, and whom the key of its access tokens speaks for; `null` for a key of the ring. */
export interface MadeTokens {
  readonly tokens: IssuedTokens;
  readonly keyRealm: string | null;
}

/** Makes both tokens of a session. It writes nothing: whatever can fail in it, fails before anything is changed. */
@Injectable()
export class TokenFactory {
  private readonly logger = new Logger('Jwto');

  constructor(
    @Inject(OPTIONS) private readonly options: ResolvedOptions,
    private readonly users: UserDirectory,
    private readonly signer: TokenSigner,
    private readonly limits: DeliveryLimits,
  ) {}

  /**
   * @throws JwtoError `store_unavailable` if the ClaimsProvider fails or leaves out what is required, or no key signs;
   * `token_too_large`
   */
  async make(user: SignInUser, plan: TokenPlan): Promise<MadeTokens> {
    const accessExp = Math.min(toSeconds(plan.now) + this.options.accessTokenLifetime, toSeconds(plan.endsAt));
    const [accessClaims, refreshClaims] = await Promise.all([
      this.claims(user, plan, 'access', {
        exp: accessExp,
        iat: this.options.iat ? toSeconds(plan.now) : undefined,
        jti: this.options.jti ? randomId() : undefined,
        refresh_iat: toSeconds(plan.refresh.iat),
      }),
      this.claims(user, plan, 'refresh', {
        exp: toSeconds(plan.refresh.expiresAt),
        iat: toSeconds(plan.refresh.iat),
        jti: plan.refresh.jti,
        refresh_iat: undefined,
      }),
    ]);
    const [access, refresh] = await this.signBoth(accessClaims, refreshClaims);
    const tokens: IssuedTokens = {
      sid: plan.sid,
      mode: plan.mode,
      access: access.token,
      refresh: refresh.token,
      accessClaims,
      refreshClaims,
      endsAt: plan.endsAt,
    };
    this.limits.check(tokens);
    return { tokens, keyRealm: access.keyRealm };
  }

  /** A key that cannot sign (an HSM that is away, a replaced JwtService) is no fault of the request. */
  private async signBoth(accessClaims: JwtoClaims, refreshClaims: JwtoClaims): Promise<[SignedToken, SignedToken]> {
    try {
      const access = await this.signer.sign(accessClaims);
      const refresh = await this.signer.sign(refreshClaims);
      if (refresh.keyRealm === null || refresh.keyRealm === access.keyRealm) return [access, refresh];
      throw new Error(
        'resolveKey must say the same of both tokens of a session, save for `type`, or leave the refresh token to the ring',
      );
    } catch (error) {
      if (error instanceof JwtoConfigurationError || error instanceof StoreUnavailableError) throw error;
      this.logger.error('Signing failed', error instanceof Error ? error.stack : String(error));
      throw new StoreUnavailableError(error);
    }
  }

  private async claims(
    user: SignInUser,
    { sid, now, signedInAt }: TokenPlan,
    type: TokenType,
    own: { exp: number; iat: number | undefined; jti: string | undefined; refresh_iat: number | undefined },
  ): Promise<JwtoClaims> {
    const { iss, sub, aud, nbfLifetime, requiredClaims, refreshClaims } = this.options;
    const carriesAll = type === 'access' || refreshClaims;
    const perms = carriesAll ? [...(user.perms ?? [])] : [];
    const claimUser: JwtoUser = { id: claimId(user), username: user.username, perms };
    const given = await this.users.claims(user, { type, sid });
    const added = carriesAll ? given : onlyRequired(given, requiredClaims);
    const claims = composeClaims(
      {
        iss,
        sub: sub ?? idText(user.id),
        aud: typeof aud === 'object' ? [...aud] : aud,
        nbf: nbfLifetime > 0 ? toSeconds(now) + nbfLifetime : undefined,
        sid,
        type,
        auth_time: toSeconds(signedInAt),
        ...own,
      },
      claimUser,
      added,
    );
    const [missing] = missingClaims(claims, requiredClaims);
    if (missing === undefined) return claims;
    const problem =
      `requiredClaims has ${JSON.stringify(missing)}, which this ${type} token would not have: let the ClaimsProvider ` +
      'give it for both tokens, or leave it out';
    this.logger.error(problem);
    throw new StoreUnavailableError(new Error(problem));
  }
}

/** What a refresh token has of them with `refreshClaims: false`. */
function onlyRequired(claims: Readonly<Record<string, unknown>>, required: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => name !== 'user' && required.includes(name)));
}
