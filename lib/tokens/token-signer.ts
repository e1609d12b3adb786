import type { JwtService } from '@nestjs/jwt';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import type { KeyRing } from '../keys/key-ring.js';
import { signBytes } from '../keys/signature.js';
import { isKnownToJwtService } from './jwt-service.js';
import type { JwtoClaims } from './claims.js';

/** Signs claims with the active key. */
export class TokenSigner {
  constructor(
    private readonly keys: KeyRing,
    private readonly jwt: JwtService,
  ) {}

  /**
   * @returns the compact JWS (RFC 7515 §7.1)
   * @throws {@link JwtoConfigurationError} in a process that verifies only
   */
  sign(claims: JwtoClaims): string {
    const key = this.keys.active;
    if (key === undefined) throw new JwtoConfigurationError('this process has no signingKey and issues no tokens');
    // jsonwebtoken adds an `iat` where there is none; `noTimestamp` takes away one that is there.
    if (isKnownToJwtService(key.algorithm))
      return this.jwt.sign({ ...claims }, { noTimestamp: claims.iat === undefined });
    const parts = [{ alg: key.algorithm, typ: 'JWT' }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString('base64url'),
    );
    const input = parts.join('.');
    return `${input}.${signBytes(key, input).toString('base64url')}`;
  }
}
