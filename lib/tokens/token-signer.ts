import type { JwtService } from '@nestjs/jwt';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import type { KeyMaterial } from '../keys/jwto-key.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { ResolvedKeys } from '../keys/resolved-keys.js';
import { signText } from '../keys/signature.js';
import { copyClaims, type JwtoClaims } from './claims.js';
import { isKnownToJwtService } from './jwt-service.js';

/** The parts of a {@link TokenSigner}. */
export interface SignerParts {
  readonly keys: KeyRing;
  /** Where single users or tenants have keys of their own. */
  readonly resolved: ResolvedKeys | undefined;
  readonly jwt: JwtService;
  readonly headerType: 'JWT' | 'at+jwt';
  /** Whether this process was started with a key that signs. */
  readonly issues: boolean;
}

/** A token, and whom the key speaks for that signed it; `null` for a key of the ring. */
export interface SignedToken {
  readonly token: string;
  readonly keyRealm: string | null;
}

/** Signs claims: with the key that `resolveKey` gives for them, or the ring's active one. */
export class TokenSigner {
  constructor(private readonly parts: SignerParts) {}

  /**
   * @returns the compact JWS (RFC 7515 §7.1), and whom its key speaks for
   * @throws {@link JwtoConfigurationError} in a process that verifies only
   * @throws JwtoError `store_unavailable` if `resolveKey` fails
   * @throws Error where no key of the ring may sign now, or `resolveKey` gives one that cannot
   */
  async sign(claims: JwtoClaims): Promise<SignedToken> {
    const { keys, resolved, jwt, issues } = this.parts;
    const own = await resolved?.find({ unverifiedHeader: {}, unverifiedClaims: copyClaims(claims) });
    const typ = this.typeOf(claims);
    if (own !== undefined) {
      if (own.signing === undefined || !own.isTimely || !own.speaksFor(claims)) {
        throw new Error(
          'resolveKey must give a signingKey, in its time, whose claims are those of the token that is to be signed',
        );
      }
      const header = { alg: own.algorithm, typ, ...(own.kid !== undefined && { kid: own.kid }) };
      return { token: compose(header, claims, own), keyRealm: own.realm ?? null };
    }
    const key = keys.active;
    if (key === undefined) throw noKey(issues);
    // jsonwebtoken takes the methods of Object.prototype for its rules of the claims that are named like them.
    if (!isKnownToJwtService(key) || Object.keys(claims).some((name) => name in Object.prototype)) {
      const header = { alg: key.algorithm, typ, ...(key.named && { kid: key.kid }) };
      return { token: compose(header, claims, key), keyRealm: null };
    }
    // jsonwebtoken adds an `iat` where there is none; `noTimestamp` takes away one that is there.
    const header = { alg: key.algorithm, typ };
    return { token: jwt.sign({ ...claims }, { noTimestamp: claims.iat === undefined, header }), keyRealm: null };
  }

  /** RFC 9068 §2.1; a refresh token has no registered type, and must not be taken for an access token. */
  private typeOf({ type }: JwtoClaims): string {
    if (this.parts.headerType === 'JWT') return 'JWT';
    return type === 'access' ? 'at+jwt' : 'refresh+jwt';
  }
}

function compose(header: object, claims: JwtoClaims, key: KeyMaterial): string {
  const parts = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'));
  const input = parts.join('.');
  return `${input}.${signText(key, input)}`;
}

/** A ring can lose its signing key while the process runs; that is not the fault of the caller. */
function noKey(issues: boolean): Error {
  return issues
    ? new Error(
        'No key of the ring may sign now: each has no signingKey, or is before its notBefore or past its expiresAt',
      )
    : new JwtoConfigurationError('this process has no signingKey and issues no tokens');
}
