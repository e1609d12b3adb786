import type { KeyObject, JsonWebKey } from 'node:crypto';
import type { Algorithm } from './algorithm-names.js';

/** A key as PEM text, JWK, KeyObject, or (HMAC only) secret text or bytes. */
export type KeyInput = string | Uint8Array | JsonWebKey | KeyObject;

/** A point in time: a Date, ISO 8601 text with a zone, or milliseconds since the epoch. */
export type Instant = Date | string | number;

/**
 * One key of a ring. Give `signingKey` to sign and verify, `verifyingKey` to verify only. Of those that may sign now,
 * the first in the list does.
 */
export interface RingKey {
  /** Names the key in the header of its tokens, 1 to 128 characters. @defaultValue its RFC 7638 thumbprint; of a secret a keyed hash */
  kid?: string | undefined;
  /** The one algorithm that the key is used with (RFC 8725 §3.1). */
  algorithm: Algorithm;
  /** HMAC secret, or private key. */
  signingKey?: KeyInput | undefined;
  /** Public key, or an HMAC secret that is to verify only. @defaultValue derived from `signingKey` */
  verifyingKey?: KeyInput | undefined;
  /**
   * Signs nothing before. Tokens of it are accepted up to 60 s earlier, as clocks differ. A key that is listed some
   * time before it signs is known to every process and every reader of the JWKS when it does.
   */
  notBefore?: Instant | undefined;
  /** Neither signs nor verifies from then on. Let it outlive the tokens that it signed. */
  expiresAt?: Instant | undefined;
  /** Verifies the tokens that name no key: those of djwto, or from before there was a ring. One key at most. */
  withoutKid?: boolean | undefined;
}

/** The keys of a ring, or a function that fetches them, for instance from a vault. */
export type KeySource = readonly RingKey[] | (() => readonly RingKey[] | Promise<readonly RingKey[]>);

/** What {@link KeyResolver} sees. **Nothing of it is verified**: whoever sent the token may have written it. */
export interface UnverifiedToken {
  readonly unverifiedHeader: Readonly<Record<string, unknown>>;
  readonly unverifiedClaims: Readonly<Record<string, unknown>>;
}

/** A key for one user or tenant, and what its tokens must say. */
export interface ResolvedKey {
  /** Its `kid`, `notBefore` and `expiresAt` hold; `withoutKid` means nothing here. A KeyObject or text is parsed once, a JWK or bytes each time. */
  readonly key: RingKey;
  /**
   * Claims that a token of this key must have with these values; of an object the members given, of anything else the
   * whole. At least one: it is what keeps the key of one tenant from speaking for another.
   */
  readonly claims: Readonly<Record<string, unknown>>;
}

/**
 * Chooses a key by what a token says of itself. It is asked for every token that arrives, also forged ones, and for
 * the claims of every token that is about to be signed. A throw, and an answer that takes over ten seconds, is 503.
 *
 * @returns `undefined` where the ring's own keys are to judge
 *
 * @example
 * ```ts
 * resolveKey: async ({ unverifiedClaims: { tenant } }) => {
 *   const secret = typeof tenant === 'string' ? await vault.secretOf(tenant) : undefined;
 *   return secret && { key: { algorithm: 'HS256', signingKey: secret }, claims: { tenant } };
 * }
 * ```
 */
export type KeyResolver = (token: UnverifiedToken) => ResolvedKey | undefined | Promise<ResolvedKey | undefined>;

/** The user that a token of another issuer speaks of, for guards and handlers. */
export interface ForeignUser {
  id: string | number;
  username: string;
  perms?: readonly string[] | undefined;
  [claim: string]: unknown;
}

/** Another issuer whose access tokens the guards accept in the `Authorization` header. */
export interface TrustedIssuer {
  /** Its `iss`, compared code point by code point. */
  issuer: string;
  /** What `aud` must name; of a list any one. */
  audience: string | readonly string[];
  /** Where its JWK Set is (RFC 7517 §5): https, or http on a loopback address. */
  jwksUri: string;
  /**
   * The asymmetric algorithms that it signs with; of those that share a kind of key (`RS…`, `PS…`) one.
   *
   * @defaultValue `['RS256']`
   */
  algorithms?: readonly Algorithm[] | undefined;
  /**
   * `at+jwt`: the header of its access tokens must say so (RFC 9068 §4), which tells them from every other token that it
   * signs. Set it where the issuer writes it. @defaultValue `'JWT'`: `JWT`, `at+jwt`, or no type
   */
  headerType?: 'JWT' | 'at+jwt' | undefined;
  /**
   * Makes a user of the verified claims; `undefined` refuses the token; a throw is 503, and so is no
   * answer within ten seconds. What it returns becomes plain JSON.
   *
   * @defaultValue no permissions, and `iss|sub` as id and name, so that no one is taken for a user of the application
   */
  mapUser?:
    | ((claims: Readonly<Record<string, unknown>>) => ForeignUser | undefined | Promise<ForeignUser | undefined>)
    | undefined;
}

/** Checks of tokens that can be switched off, for tokens of a system that is being left. Each is on. */
export interface TokenChecks {
  /** Whether `exp` has passed. Off, a revoked token works again once its entry is purged; that is warned of. */
  exp?: boolean | undefined;
  /** Whether `nbf` is still to come. */
  nbf?: boolean | undefined;
  /** Whether `iat` lies over 60 s ahead. */
  iat?: boolean | undefined;
  /** Whether an access token has a `jti`, where the `jti` option writes one. */
  jti?: boolean | undefined;
  /** Whether `sub` is the user's id, or the `sub` option. */
  sub?: boolean | undefined;
  /** Whether `iss` is an accepted one. */
  iss?: boolean | undefined;
  /** Whether `aud` names an accepted one. */
  aud?: boolean | undefined;
}

/** How much the cache of verified tokens may hold. */
export interface TokenCacheLimits {
  /** @defaultValue `10_000` */
  entries?: number | undefined;
  /** Bytes of token text. @defaultValue `8_388_608` (8 MiB) */
  bytes?: number | undefined;
}
