import { randomUUID } from 'node:crypto';
import type { JwtService } from '@nestjs/jwt';
import type { JwtoOptions, Mode } from 'jwto';
import type { SampleOptions } from '../sample-options.js';

/** Injects {@link PageSettings}. */
export const PAGE_SETTINGS = Symbol('page settings');

/** What the page must know of the server. */
export interface PageSettings {
  readonly adapter: string;
  readonly database: string;
  /** The modes that a login may choose, the default first. */
  readonly modes: readonly Mode[];
  readonly csrf: boolean;
  readonly refreshPath: string;
  readonly csrfCookie: string;
  readonly payloadCookie: string;
  /** For showing what becomes of one; `null` where it cannot be made. */
  readonly expiredToken: string | null;
}

export function pageSettings(sample: SampleOptions, jwto: JwtoOptions, jwt: JwtService): PageSettings {
  const prefix = jwto.cookiePrefix === undefined ? '' : '__Host-';
  return {
    adapter: sample.adapter,
    database: sample.databaseUrl?.protocol.replace(':', '') ?? 'sqlite',
    modes: [jwto.mode ?? 'JSON'].flat(),
    csrf: jwto.csrf !== false,
    refreshPath: jwto.refreshCookiePath ?? 'api/token/refresh',
    csrfCookie: `${prefix}csrftoken`,
    payloadCookie: `${prefix}jwt_access_payload`,
    expiredToken: expiredToken(jwto, jwt),
  };
}

/** An access token of nobody, in a session that never was, which expired an hour ago: it opens nothing. */
function expiredToken({ iss, sub, aud }: JwtoOptions, jwt: JwtService): string | null {
  const exp = Math.floor(Date.now() / 1000) - 3600;
  try {
    return jwt.sign({
      ...(iss !== undefined && { iss }),
      ...(aud !== undefined && { aud }),
      sub: sub ?? '0',
      exp,
      iat: exp - 300,
      jti: randomUUID(),
      sid: randomUUID(),
      type: 'access',
      user: { id: 0, username: 'nobody', perms: [] },
    });
  } catch {
    // JwtService knows no EdDSA, and signs nothing without a key.
    return null;
  }
}
