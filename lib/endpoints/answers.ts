import type { IssuedTokens } from '../tokens/issued-tokens.js';

/** Status and body of an answer. */
export interface Answer {
  readonly status: number;
  readonly body?: Readonly<Record<string, unknown>>;
  /** `Cache-Control`. @defaultValue `no-store` (RFC 6749 §5.1) */
  readonly cacheControl?: string;
}

const message = (msg: string): Answer => ({ status: 200, body: { msg } });

/** The one place that says what a success looks like. */
export const ANSWERS = {
  signedIn: (tokens: IssuedTokens): Answer => withTokens(tokens, 'Tokens successfully created.'),
  alreadySignedIn: message('User already authenticated.'),
  valid: message('Token is valid'),
  accessRefreshed: (tokens: IssuedTokens): Answer => withTokens(tokens, 'Access token successfully refreshed.'),
  refreshUpdated: (tokens: IssuedTokens): Answer => withTokens(tokens, 'Refresh token successfully updated.'),
  blacklisted: message('Token successfully blacklisted.'),
  deleted: message('Tokens successfully deleted.'),
  signedOut: { status: 204 },
  csrf: message('CSRF cookie successfully set.'),
  sessions: (sessions: readonly object[]): Answer => ({ status: 200, body: { sessions } }),
  keySet: (keys: readonly object[]): Answer => ({
    status: 200,
    body: { keys },
    cacheControl: 'public, max-age=300, must-revalidate',
  }),
  sessionRevoked: message('Session successfully revoked.'),
  othersRevoked: (revoked: number): Answer => ({
    status: 200,
    body: { msg: 'Other sessions successfully revoked.', revoked },
  }),
} as const;

/** Tokens are in the body in JSON mode only; in the cookie modes nothing readable by a script ever holds one. */
function withTokens({ mode, access, refresh }: IssuedTokens, msg: string): Answer {
  return mode === 'JSON' ? { status: 200, body: { refresh, access } } : message(msg);
}
