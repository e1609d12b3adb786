import type { Clock } from '../clock/clock.js';
import type { Timekeeper } from '../clock/timekeeper.js';
import { TokenInvalidError, TokenWrongTypeError } from '../errors/token-errors.js';
import { provesNobody } from '../errors/jwto-error.js';
import type { KeyMaterial } from '../keys/jwto-key.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { ResolvedKeys } from '../keys/resolved-keys.js';
import { assertShape, assertTimely, isTimely, type ClaimRules, type OpenedToken } from './claim-rules.js';
import { copyClaims, type JwtoClaims, type TokenType } from './claims.js';
import { parseObject, type JsonObject } from './json-object.js';
import { KnownHeaders } from './known-headers.js';
import { keyOf, noteKey, realmOf } from './signed-by.js';
import { decodeSegment, openJws, parseHeader, split, type CompactJws } from './strict-jws.js';
import type { VerifiedToken, VerifiedTokens } from './verified-tokens.js';

type Verified = VerifiedToken<JwtoClaims>;

/** The parts of a {@link TokenVerifier}. */
export interface VerifierParts {
  readonly keys: KeyRing;
  /** Where single users or tenants have keys of their own. */
  readonly resolved: ResolvedKeys | undefined;
  readonly rules: ClaimRules;
  readonly clock: Clock;
  readonly timekeeper: Timekeeper;
  readonly cache: VerifiedTokens<JwtoClaims> | undefined;
}

/**
 * Says whether a token is genuine and valid now; knows nothing about revocation. Where keys are resolved the answers
 * are promises; where they are not, and the answer is in memory, guards stay synchronous.
 */
export class TokenVerifier {
  private readonly headers = new KnownHeaders();

  constructor(private readonly parts: VerifierParts) {}

  /**
   * Signature, claims, type, then times. The claims may be shared with other requests: nothing outside of the library gets
   * them but as a copy. They are not frozen, for a copy of a frozen object takes 0.58 µs and of another 0.06 µs.
   *
   * @throws JwtoError `token_malformed`, `token_invalid`, `token_wrong_type`, `token_expired`, `token_not_yet_valid`,
   * and `store_unavailable` if `resolveKey` fails, or the time is not known
   */
  verify(token: string, due: TokenType): JwtoClaims | Promise<JwtoClaims> {
    const { cache, keys, resolved, timekeeper } = this.parts;
    if (!timekeeper.isSteady && this.isTimeNeeded) return this.verifySettled(token, due);
    const known = cache?.find(token);
    if (resolved !== undefined)
      return this.openResolved(token, known).then((found) => this.judge(token, found, due, known));
    const isUsable = known !== undefined && keys.isUsable(known.key);
    return this.judge(token, isUsable ? known : this.open(token), due, known);
  }

  /** Whether the time decides by which key a token is verified. */
  private get isTimeNeeded(): boolean {
    return this.parts.resolved !== undefined || this.parts.keys.haveTimes;
  }

  private async verifySettled(token: string, due: TokenType): Promise<JwtoClaims> {
    await this.parts.timekeeper.settle();
    return this.verify(token, due);
  }

  /**
   * The claims of a genuine token, whatever its times and type.
   *
   * @throws JwtoError `token_malformed`, `token_invalid`, `store_unavailable`
   */
  async identify(token: string): Promise<JwtoClaims> {
    if (this.isTimeNeeded) await this.parts.timekeeper.settle();
    const { claims } = this.parts.resolved === undefined ? this.open(token) : await this.openResolved(token);
    return claims;
  }

  /** The claims of those tokens that are genuine, one for each session and key realm. @throws JwtoError `store_unavailable` */
  async identifyAll(tokens: readonly string[]): Promise<JwtoClaims[]> {
    const bySession = new Map<string, JwtoClaims>();
    for (const token of tokens) {
      try {
        const claims = await this.identify(token);
        // What one tenant's key says of a session must not stand in front of what its own key says.
        const session = `${realmOf(claims) ?? ''} ${claims.sid}`;
        if (!bySession.has(session)) bySession.set(session, claims);
      } catch (error) {
        if (!provesNobody(error)) throw error;
      }
    }
    return [...bySession.values()];
  }

  /**
   * Whether claims that {@link TokenVerifier.verify} gave are still good: their key is in the ring, and it is their time.
   * `false` also for those that a key of a tenant verified, which only the application can judge.
   */
  stands(claims: JwtoClaims, due: TokenType): boolean {
    const { keys, rules, clock, timekeeper } = this.parts;
    const key = keyOf(claims);
    if (key === undefined || !timekeeper.isSteady) return false;
    return keys.isUsable(key) && claims.type === due && isTimely(claims, rules, clock.now());
  }

  /** What a token says of itself. @throws JwtoError `token_malformed`; nothing is verified */
  decode(token: string): OpenedToken {
    const { header, payload, signature } = split(token);
    decodeSegment(signature);
    return { header: parseObject(decodeSegment(header)), payload: parseObject(decodeSegment(payload)) };
  }

  /** What time and the request can change; asked of a known token too. */
  private judge(
    token: string,
    found: Verified,
    due: TokenType,
    known: Verified | undefined,
  ): JwtoClaims | Promise<JwtoClaims> {
    const { rules, clock, timekeeper, cache } = this.parts;
    const { claims } = found;
    if (claims.type !== due) throw new TokenWrongTypeError(due);
    // The signature stands by now: only for a token of ours is the database asked what time it is.
    if (!timekeeper.isSteady) return this.verifySettled(token, due);
    assertTimely(claims, rules, clock.now());
    if (found !== known && cache !== undefined && due === 'access') cache.add(token, found);
    return claims;
  }

  private open(token: string): Verified {
    const { keys, rules } = this.parts;
    const jws = split(token);
    const known = this.headers.find(jws.header);
    if (known !== undefined && keys.isUsable(known.key)) return verified(jws, known.header, known.key, rules);
    const header = parseHeader(jws.header);
    const key = keys.select(header);
    if (key === undefined) throw new TokenInvalidError();
    const found = verified(jws, header, key, rules);
    this.headers.add(jws.header, { header, key });
    return found;
  }

  /** By the key that the application's function gives, if it gives one; it is asked each time, also for a known token. */
  private async openResolved(token: string, known?: Verified): Promise<Verified> {
    const { header, payload } =
      known === undefined ? this.decode(token) : { header: known.header, payload: known.claims };
    const { keys, rules, resolved } = this.parts;
    const key = await resolved?.find(copyClaims({ unverifiedHeader: header, unverifiedClaims: payload }));
    if (key === undefined) return known !== undefined && keys.isUsable(known.key) ? known : this.open(token);
    if (!key.isTimely || !key.speaksFor(payload)) throw new TokenInvalidError();
    if (known !== undefined && isSameKey(known.key, key)) return known;
    const jws = split(token);
    return verified(jws, parseHeader(jws.header), key, rules);
  }
}

function isSameKey(one: KeyMaterial, other: KeyMaterial): boolean {
  return one.verifying === other.verifying && one.algorithm === other.algorithm && one.realm === other.realm;
}

function verified(jws: CompactJws, header: JsonObject, key: KeyMaterial, rules: ClaimRules): Verified {
  const claims = assertShape({ header, payload: parseObject(openJws(jws, header, key)) }, rules);
  noteKey(claims, key);
  return { header, claims, key };
}
