import type { Clock } from '../clock/clock.js';
import type { Timekeeper } from '../clock/timekeeper.js';
import { TokenInvalidError } from '../errors/token-errors.js';
import type { Hooks } from '../hooks/hooks.js';
import type { KeyMaterial } from '../keys/jwto-key.js';
import type { ForeignUser, TrustedIssuer } from '../options/key-options.js';
import { ALL_CHECKS } from '../options/resolve-options.js';
import { assertTimely } from '../tokens/claim-rules.js';
import { copyClaims, withoutPrototypes, type JwtoClaims, type JwtoUser } from '../tokens/claims.js';
import { assertForeignShape, claimsOfForeigner, type OpenedForeignClaims } from '../tokens/foreign-claims.js';
import { parseObject, type JsonObject } from '../tokens/json-object.js';
import { openJws, parseHeader, split, type CompactJws } from '../tokens/strict-jws.js';
import type { VerifiedTokens } from '../tokens/verified-tokens.js';
import { plainClaims } from '../users/plain-claims.js';
import { RemoteKeySet } from './remote-key-set.js';

/** What the tokens of another issuer are judged by beside its own settings. */
export interface RemoteIssuerParts {
  readonly clock: Clock;
  readonly timekeeper: Timekeeper;
  /** Seconds. What weakens the checks of our own tokens, which may be of a system that is being left, is not for others. */
  readonly leeway: number;
  readonly cache: VerifiedTokens<OpenedForeignClaims> | undefined;
  readonly hooks: Hooks;
}

interface Opened {
  readonly key: KeyMaterial;
  readonly claims: OpenedForeignClaims;
}

/** Verifies the access tokens of one other issuer, by its keys, and makes our claims of theirs. */
export class RemoteIssuer {
  private readonly keys: RemoteKeySet;

  constructor(
    private readonly issuer: TrustedIssuer,
    private readonly parts: RemoteIssuerParts,
  ) {
    this.keys = new RemoteKeySet(issuer.jwksUri, issuer.algorithms ?? ['RS256']);
  }

  /**
   * Signature, issuer, audience, kind, times, then the application's mapper.
   *
   * @throws JwtoError `token_malformed`, `token_invalid`, `token_expired`, `token_not_yet_valid`, `store_unavailable`
   */
  async verify(token: string): Promise<JwtoClaims> {
    const { cache, leeway, clock, timekeeper } = this.parts;
    const jws = split(token);
    const header = parseHeader(jws.header);
    // Asked each time, so that a key that the issuer took away ends its tokens here too.
    const keys = await this.keys.find(header);
    const known = cache?.find(token);
    const isKnown = known !== undefined && keys.includes(known.key);
    const { key, claims } = isKnown ? known : this.open(jws, header, keys);
    await timekeeper.settle();
    assertTimely(claims, { leeway, checks: ALL_CHECKS }, clock.now());
    if (!isKnown) cache?.add(token, { header, claims, key });
    return claimsOfForeigner(claims, await this.user(claims));
  }

  /**
   * Fetches the issuer's keys now.
   *
   * @throws JwtoError `store_unavailable` if they cannot be had; those that are known then go on
   */
  reload(): Promise<void> {
    return this.keys.reload();
  }

  /** By the one of the keys whose signature it is: an issuer that had one key may have written no `kid`. */
  private open(jws: CompactJws, header: JsonObject, keys: readonly KeyMaterial[]): Opened {
    for (const key of keys) {
      try {
        return { key, claims: this.shape(header, parseObject(openJws(jws, header, key))) };
      } catch (error) {
        if (!(error instanceof TokenInvalidError)) throw error;
      }
    }
    throw new TokenInvalidError();
  }

  private shape(header: JsonObject, payload: JsonObject): OpenedForeignClaims {
    const { issuer, audience, headerType = 'JWT' } = this.issuer;
    return assertForeignShape({ header, payload }, { issuer, audiences: [audience].flat(), headerType });
  }

  private async user(claims: OpenedForeignClaims): Promise<JwtoUser> {
    const { mapUser = anybody } = this.issuer;
    const user = await this.parts.hooks.ask(`mapUser of ${this.issuer.issuer}`, async () => {
      const given: unknown = await mapUser(copyClaims(claims));
      return given === undefined ? undefined : readUser(plainClaims(given));
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

function readUser(given: Record<string, unknown>): JwtoUser {
  const user = withoutPrototypes(given);
  const { id, username, perms = [] } = user;
  const isGood =
    ((typeof id === 'string' && id !== '') || typeof id === 'number') &&
    typeof username === 'string' &&
    Array.isArray(perms) &&
    perms.every((perm: unknown) => typeof perm === 'string');
  if (!isGood) throw new TypeError('it must return { id, username, perms } with texts in perms');
  return { ...user, id, username, perms };
}
