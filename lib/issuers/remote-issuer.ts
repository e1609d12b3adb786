import type { Clock } from '../clock/clock.js';
import type { Timekeeper } from '../clock/timekeeper.js';
import { TokenInvalidError } from '../errors/token-errors.js';
import type { Hooks } from '../hooks/hooks.js';
import type { ForeignUser, TrustedIssuer } from '../options/key-options.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { assertForeignShape, assertTimely, type ForeignClaims, type OpenedToken } from '../tokens/claim-rules.js';
import { claimsOfForeigner, copyClaims, type JwtoClaims } from '../tokens/claims.js';
import { parseObject, type JsonObject } from '../tokens/json-object.js';
import { openJws, parseHeader, split } from '../tokens/strict-jws.js';
import type { VerifiedTokens } from '../tokens/verified-tokens.js';
import { RemoteKeySet } from './remote-key-set.js';

/** What the tokens of another issuer are judged by beside its own settings. */
export interface RemoteIssuerParts {
  readonly clock: Clock;
  readonly timekeeper: Timekeeper;
  readonly rules: Pick<ResolvedOptions, 'leeway' | 'checks'>;
  readonly cache: VerifiedTokens<ForeignClaims> | undefined;
  readonly enforceMinimumKeyLength: boolean;
  readonly hooks: Hooks;
}

/** Verifies the access tokens of one other issuer, by its keys, and makes our claims of theirs. */
export class RemoteIssuer {
  private readonly keys: RemoteKeySet;

  constructor(
    private readonly issuer: TrustedIssuer,
    private readonly parts: RemoteIssuerParts,
  ) {
    this.keys = new RemoteKeySet(issuer.jwksUri, issuer.algorithms ?? ['RS256'], parts.enforceMinimumKeyLength);
  }

  /**
   * Signature, issuer, audience, times, then the application's mapper.
   *
   * @throws JwtoError `token_malformed`, `token_invalid`, `token_expired`, `token_not_yet_valid`, `store_unavailable`
   */
  async verify(token: string): Promise<JwtoClaims> {
    const { cache, rules, clock, timekeeper } = this.parts;
    const jws = split(token);
    const header = parseHeader(jws.header);
    // Asked each time, so that a key that the issuer took away ends its tokens here too.
    const key = await this.keys.find(header);
    const known = cache?.find(token);
    const isKnown = known?.key === key;
    const claims = isKnown ? known.claims : this.shape({ header, payload: parseObject(openJws(jws, header, key)) });
    await timekeeper.settle();
    assertTimely(claims, rules, clock.now());
    if (!isKnown) cache?.add(token, { header, claims, key });
    return claimsOfForeigner(claims, await this.user(claims));
  }

  private shape(opened: OpenedToken): ForeignClaims {
    const { issuer, audience } = this.issuer;
    return assertForeignShape(opened, { issuer, audiences: [audience].flat() });
  }

  private async user(claims: JsonObject): Promise<ForeignUser> {
    const { mapUser = anybody } = this.issuer;
    const user = await this.parts.hooks.ask(`mapUser of ${this.issuer.issuer}`, async () => {
      const given = await mapUser(copyClaims(claims));
      if (given !== undefined) assertUser(given);
      return given;
    });
    if (user === undefined) throw new TokenInvalidError();
    return user;
  }
}

/** Nobody whom the application knows, and with no permissions. */
function anybody({ iss, sub }: JsonObject): ForeignUser {
  const name = `${String(iss)}|${String(sub)}`;
  return { id: name, username: name };
}

function assertUser({ id, username, perms = [] }: ForeignUser): void {
  const isGood =
    ((typeof id === 'string' && id !== '') || Number.isFinite(id)) &&
    typeof username === 'string' &&
    Array.isArray(perms) &&
    perms.every((perm: unknown) => typeof perm === 'string');
  if (!isGood) throw new TypeError('it must return { id, username, perms } with texts in perms');
}
