/** Which of the two tokens. */
export type TokenType = 'access' | 'refresh';

/** The `user` claim. */
export interface JwtoUser {
  /** With the JSON type that the application's user has. */
  id: string | number;
  username: string;
  perms: string[];
  /** What a ClaimsProvider adds. */
  [claim: string]: unknown;
}

/** The claims of a token (RFC 7519 §4). Times are whole seconds since the epoch. */
export interface JwtoClaims {
  iss?: string;
  sub: string;
  aud?: string | string[];
  exp: number;
  nbf?: number;
  iat?: number;
  jti?: string;
  /** The session; the empty string in the claims of another issuer's token, which has none here. */
  sid: string;
  type: TokenType;
  /** In access tokens: `iat` of the refresh token. */
  refresh_iat?: number;
  /** When the user signed in (OpenID Connect Core §2). */
  auth_time?: number;
  user: JwtoUser;
  /** In the claims of another issuer's token: what that issuer says in standard claims. */
  foreign?: ForeignClaims;
  /** What a ClaimsProvider adds. */
  [claim: string]: unknown;
}

/** The standard claims of another issuer's token (RFC 7519 §4.1), as that issuer wrote them. */
export interface ForeignClaims {
  iss: string;
  sub: string;
  aud: string | string[];
  exp: number;
  nbf?: number;
  iat?: number;
  jti?: string;
}

/** The names that no ClaimsProvider can set. */
const RESERVED = [
  'iss',
  'sub',
  'aud',
  'exp',
  'nbf',
  'iat',
  'jti',
  'sid',
  'type',
  'refresh_iat',
  'auth_time',
] as const satisfies readonly (keyof JwtoClaims)[];

/** What the library itself writes into a token; the members that are `undefined` are left out. */
export type ReservedClaims = { [Name in (typeof RESERVED)[number]]: JwtoClaims[Name] | undefined };

/** Puts a token's claims together: what the application adds first, then what is reserved. */
export function composeClaims(
  reserved: ReservedClaims,
  user: JwtoUser,
  added: Readonly<Record<string, unknown>>,
): JwtoClaims {
  const addedUser = added['user'];
  const inUser = typeof addedUser === 'object' && addedUser !== null && !Array.isArray(addedUser) ? addedUser : {};
  const claims: Record<string, unknown> = withoutNames(added, [...RESERVED, 'user']);
  for (const name of RESERVED) if (reserved[name] !== undefined) claims[name] = reserved[name];
  claims['user'] = { ...user, ...withoutNames(inUser, ['id']) };
  return claims as JwtoClaims;
}

/** A copy of claims that its owner may change. */
export function copyClaims<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value))
    return (value.some(isObject) ? value.map((item: unknown) => copyClaims(item)) : value.slice()) as T;
  // A spread copies in a fifth of the time that Object.entries takes; most members are no objects.
  const copy = { ...value } as Record<string, unknown>;
  for (const name in copy) {
    const member = copy[name];
    if (isObject(member)) copy[name] = copyClaims(member);
  }
  return copy as T;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** A copy without any own `__proto__`: merging one somewhere would set a prototype. */
export function withoutPrototypes<T>(value: T): T {
  if (Array.isArray(value)) return value.map((item: unknown) => withoutPrototypes(item)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const copy: Record<string, unknown> = {};
  for (const [name, member] of Object.entries(value)) if (name !== '__proto__') copy[name] = withoutPrototypes(member);
  return copy as T;
}

/** The permissions that a token lists; an empty list if the claim is not a list of strings. */
export function permissionsOf(claims: JwtoClaims): readonly string[] {
  const perms: unknown = claims.user.perms;
  return Array.isArray(perms) && perms.every((perm) => typeof perm === 'string') ? perms : [];
}

function withoutNames(claims: object, names: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(Object.entries(withoutPrototypes(claims)).filter(([name]) => !names.includes(name)));
}
