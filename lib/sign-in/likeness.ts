import { toSeconds } from '../clock/clock.js';
import { TokenRevokedError } from '../errors/token-errors.js';
import type { Mode, SignInLifetimes } from '../options/jwto-options.js';
import type { Session } from '../store/session.js';

/**
 * What a new session takes over from another one.
 *
 * @throws JwtoError `token_revoked` without one
 */
export function likenessOf(session: Session | null): { mode: Mode; lifetimes: SignInLifetimes } {
  if (session === null) throw new TokenRevokedError();
  const { mode, refreshLifetime, endsAt, signedInAt } = session;
  const seconds = (milliseconds: number): number => Math.max(1, Math.round(milliseconds / 1000));
  return {
    mode,
    lifetimes: {
      refreshTokenLifetime: seconds(refreshLifetime),
      // The end is counted from a whole second.
      sessionLifetime: seconds(endsAt - toSeconds(signedInAt) * 1000),
    },
  };
}
