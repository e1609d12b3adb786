import type { Clock } from '../clock/clock.js';
import { TokenInvalidError } from '../errors/token-errors.js';
import { JwtoError } from '../errors/jwto-error.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { ResolvedKeys } from '../keys/resolved-keys.js';
import { assertShape, assertTimely, assertType, type ClaimRules } from './claim-rules.js';
import { freezeClaims, type JwtoClaims, type TokenType } from './claims.js';
import { parseObject } from './json-object.js';
import { KnownHeaders } from './known-headers.js';
import { decodeSegment, openJws, parseHeader, split, type CompactJws } from './strict-jws.js';
import type { OpenedToken, VerifiedTokens } from './verified-tokens.js';

/** The parts of a {@link TokenVerifier}. */
export interface VerifierParts {
  readonly keys: KeyRing;
  /** Where single users or tenants have keys of their own. */
  readonly resolved: ResolvedKeys | undefined;
  readonly rules: ClaimRules;
  readonly clock: Clock;
  readonly cache: VerifiedTokens | undefined;
}

/**
 * Says whether a token is one of ours and good now; knows nothing of revocation. Where keys are resolved the answers
 * are promises; where they are not, and the answer is in memory, guards stay synchronous.
 */
export class TokenVerifier {
  private readonly headers = new KnownHeaders();

  constructor(private readonly parts: VerifierParts) {}

  /**
   * Signature, claims, type, then times. The claims are frozen: they may be shared with other requests.
   *
   * @throws JwtoError `token_malformed`, `token_invalid`, `token_wrong_type`, `token_expired`, `token_not_yet_valid`,
   * and `store_unavailable` if `resolveKey` fails
   */
  verify(token: string, due: TokenType): JwtoClaims | Promise<JwtoClaims> {
    const { cache, keys, resolved } = this.parts;
    const known = cache?.find(token);
    if (resolved !== undefined)
      return this.openResolved(token, known).then((opened) => this.judge(token, opened, due, known));
    const isUsable = known !== undefined && keys.isUsable(known.key);
    return this.judge(token, isUsable ? known : this.open(split(token)), due, isUsable ? known : undefined);
  }

  /**
   * The claims of a token of ours, whatever its times and type.
   *
   * @throws JwtoError `token_malformed`, `token_invalid`, `store_unavailable`
   */
  async identify(token: string): Promise<JwtoClaims> {
    const opened = this.parts.resolved === undefined ? this.open(split(token)) : await this.openResolved(token);
    return assertShape(opened, this.parts.rules);
  }

  /** The claims of those tokens that are ours, one for each session. @throws JwtoError `store_unavailable` */
  async identifyAll(tokens: readonly string[]): Promise<JwtoClaims[]> {
    const bySession = new Map<string, JwtoClaims>();
    for (const token of tokens) {
      try {
        const claims = await this.identify(token);
        if (!bySession.has(claims.sid)) bySession.set(claims.sid, claims);
      } catch (error) {
        if (!(error instanceof JwtoError) || error.getStatus() !== 401) throw error;
      }
    }
    return [...bySession.values()];
  }

  /** What a token says of itself. @throws JwtoError `token_malformed`; nothing is verified */
  decode(token: string): Pick<OpenedToken, 'header' | 'payload'> {
    const { header, payload, signature } = split(token);
    decodeSegment(signature);
    return { header: parseObject(decodeSegment(header)), payload: parseObject(decodeSegment(payload)) };
  }

  /** Everything that time, settings and the request can change; asked of a known token too. */
  private judge(token: string, opened: OpenedToken, due: TokenType, known: OpenedToken | undefined): JwtoClaims {
    const { rules, clock, cache } = this.parts;
    const claims = assertShape(opened, rules);
    assertType(claims, due);
    assertTimely(claims, rules, clock.now());
    if (opened !== known && cache !== undefined && due === 'access') cache.add(token, opened);
    return claims;
  }

  private open(jws: CompactJws): OpenedToken {
    const { keys } = this.parts;
    const known = this.headers.find(jws.header);
    if (known !== undefined && keys.isUsable(known.key)) {
      return { ...known, payload: freezeClaims(parseObject(openJws(jws, known.header, known.key))) };
    }
    const header = parseHeader(jws.header);
    const key = keys.select(header);
    if (key === undefined) throw new TokenInvalidError();
    const payload = freezeClaims(parseObject(openJws(jws, header, key)));
    this.headers.add(jws.header, { header, key });
    return { header, payload, key };
  }

  /** The key that the application's function gives, if it gives one; it is asked each time, also for a known token. */
  private async openResolved(token: string, known?: OpenedToken): Promise<OpenedToken> {
    const { header, payload } = known ?? this.decode(token);
    const key = await this.parts.resolved?.find({ unverifiedHeader: header, unverifiedClaims: payload });
    const { keys } = this.parts;
    if (key === undefined) return known !== undefined && keys.isUsable(known.key) ? known : this.open(split(token));
    if (!key.isTimely || !key.speaksFor(payload)) throw new TokenInvalidError();
    if (known?.key.verifying === key.verifying && known.key.algorithm === key.algorithm) return known;
    const jws = split(token);
    return { header, payload: freezeClaims(parseObject(openJws(jws, parseHeader(jws.header), key))), key };
  }
}
