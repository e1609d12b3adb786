import { JwtService, type JwtModuleOptions } from '@nestjs/jwt';
import type { Algorithm } from '../options/algorithm-names.js';
import type { JwtoKey } from '../keys/jwto-key.js';

type KnownAlgorithm = Exclude<Algorithm, 'EdDSA'>;

/** Whether @nestjs/jwt, which is jsonwebtoken 9, can sign with it: it has no EdDSA. */
export function isKnownToJwtService(algorithm: Algorithm): algorithm is KnownAlgorithm {
  return algorithm !== 'EdDSA';
}

/** The `JwtService` of @nestjs/jwt over our keys, for our signer and for application code that injects it. */
export function createJwtService({ algorithm, verifying, signing }: JwtoKey): JwtService {
  if (!isKnownToJwtService(algorithm)) {
    return new JwtService({
      secretOrKeyProvider: () => {
        throw new Error(`jsonwebtoken has no ${algorithm}: use the TokenService of jwto`);
      },
    });
  }
  const options: JwtModuleOptions = {
    // The key's size was checked at start, or let pass by `enforceMinimumKeyLength: false`.
    signOptions: { algorithm, allowInsecureKeySizes: true },
    verifyOptions: { algorithms: [algorithm], allowInvalidAsymmetricKeyTypes: false },
    // @nestjs/jwt types these for PEM text; jsonwebtoken takes a KeyObject, and is 30 times faster with it.
    ...(verifying.type === 'secret' ? { secret: verifying } : { publicKey: verifying, privateKey: signing as never }),
  };
  return new JwtService(options);
}
