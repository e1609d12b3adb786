/** The signature algorithms (RFC 7518 §3.1, RFC 8037). `EdDSA` is Ed25519. */
export const ALGORITHM_NAMES = [
  'HS256',
  'HS384',
  'HS512',
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

/** One of the {@link ALGORITHM_NAMES}. */
export type Algorithm = (typeof ALGORITHM_NAMES)[number];
