// The guards that are in use elsewhere, as their documentation writes them.
import { Buffer } from 'node:buffer';
import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto';
import { UnauthorizedException } from '@nestjs/common';
import { JwtService } from '@nestjs/jwt';
import { AuthGuard, PassportStrategy } from '@nestjs/passport';
import { createVerifier } from 'fast-jwt';
import { jwtVerify } from 'jose';
import { ExtractJwt, Strategy } from 'passport-jwt';

/** What the Nest documentation's own guard does to find the token. */
function bearerOf(context) {
  const request = context.switchToHttp().getRequest();
  const [type, token] = request.headers.authorization?.split(' ') ?? [];
  if (type !== 'Bearer') throw new UnauthorizedException();
  return { request, token };
}

/** A guard by a function that verifies: it puts the claims on the request and refuses with 401. */
function guardBy(verify, isAsync) {
  const refused = () => {
    throw new UnauthorizedException();
  };
  if (isAsync) {
    return class {
      async canActivate(context) {
        const { request, token } = bearerOf(context);
        request.user = await verify(token).catch(refused);
        return true;
      }
    };
  }
  return class {
    canActivate(context) {
      const { request, token } = bearerOf(context);
      try {
        request.user = verify(token);
      } catch {
        refused();
      }
      return true;
    }
  };
}

/**
 * `AuthGuard('jwt')` of @nestjs/passport over passport-jwt.
 *
 * @param isRevoked - asked for each request's claims, as an application would in `validate`
 */
export function passportGuard(name, secretOrKey, algorithm = 'HS256', isRevoked = undefined) {
  const options = { jwtFromRequest: ExtractJwt.fromAuthHeaderAsBearerToken(), secretOrKey, algorithms: [algorithm] };
  class JwtStrategy extends PassportStrategy(Strategy, name) {
    constructor() {
      super(options);
    }
    async validate(claims) {
      if (isRevoked !== undefined && (await isRevoked(claims))) throw new UnauthorizedException();
      return { id: claims.user.id, username: claims.user.username, perms: claims.user.perms };
    }
  }
  new JwtStrategy();
  return AuthGuard(name);
}

/** The guard of the Nest documentation, with `JwtService.verifyAsync`. */
export function verifyAsyncGuard(secret) {
  const service = new JwtService({ secret });
  return guardBy((token) => service.verifyAsync(token), true);
}

export function joseGuard(key, algorithm = 'HS256') {
  const options = { algorithms: [algorithm] };
  return guardBy(async (token) => (await jwtVerify(token, key, options)).payload, true);
}

/** @param cache - how many tokens it keeps; 0 keeps none */
export function fastJwtGuard(key, cache, algorithm = 'HS256') {
  return guardBy(createVerifier({ key, cache: cache || false, algorithms: [algorithm] }), false);
}

/** Lets everybody in. */
export class OpenGuard {
  canActivate(context) {
    return context.switchToHttp().getRequest().headers !== undefined;
  }
}

/**
 * The least that verifies: the parts, one HMAC, a comparison, one `JSON.parse`. It looks neither at the algorithm nor at
 * any claim, so it is no guard but the floor of one.
 */
export function bareGuard(secret) {
  const key = createSecretKey(Buffer.from(secret));
  return class {
    canActivate(context) {
      const request = context.switchToHttp().getRequest();
      const token = request.headers.authorization.slice(7);
      const second = token.lastIndexOf('.');
      const first = token.indexOf('.');
      const expected = createHmac('sha256', key).update(token.slice(0, second)).digest();
      if (!timingSafeEqual(expected, Buffer.from(token.slice(second + 1), 'base64url'))) return false;
      request.user = JSON.parse(Buffer.from(token.slice(first + 1, second), 'base64url').toString());
      return true;
    }
  };
}

/** All guards of HS256 that know nothing of revocation, by name. */
export function peerGuards(secret) {
  const key = createSecretKey(Buffer.from(secret));
  return {
    'passport-jwt, KeyObject': passportGuard('jwt-ko', key),
    'passport-jwt, string': passportGuard('jwt-str', secret),
    'verifyAsync, KeyObject': verifyAsyncGuard(key),
    'verifyAsync, string': verifyAsyncGuard(secret),
    'jose, KeyObject': joseGuard(key),
    'fast-jwt': fastJwtGuard(secret, 0),
    'fast-jwt, cache of 5000': fastJwtGuard(secret, 5000),
  };
}
