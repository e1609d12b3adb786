import { toSeconds } from '../clock/clock.js';
import { SessionNotFoundError } from '../errors/request-errors.js';
import { TokenInvalidError } from '../errors/token-errors.js';
import type { Authenticated, Authenticator } from '../authentication/authenticator.js';
import { isForeign } from '../tokens/foreign-claims.js';
import type { Carrier } from '../http/carrier.js';
import { bodyOf } from '../http/request-body.js';
import { readSid } from './request-fields.js';
import { ANSWERS, type Answer } from './answers.js';
import type { EndpointParts, Exchange } from './exchange.js';

/** `GET /sessions/`: where the user is signed in; times in whole seconds since the epoch. */
export async function listSessions(
  { authenticator, ownSessions }: EndpointParts,
  { carrier }: Exchange,
): Promise<Answer> {
  const { claims } = await authenticateOwner(authenticator, carrier);
  const sessions = await ownSessions.list(claims);
  return ANSWERS.sessions(
    sessions.map(({ sid, signedInAt, lastUsedAt, expiresAt, userAgent, ip }) => ({
      sid,
      created: toSeconds(signedInAt),
      last_used: toSeconds(lastUsedAt),
      expires: toSeconds(expiresAt),
      user_agent: userAgent,
      ip,
      current: sid === claims.sid,
    })),
  );
}

/** `POST /sessions/revoke/` with `sid`: ends one of the user's own sessions. */
export async function revokeSession(
  parts: EndpointParts,
  { request, carrier, reply, info, body }: Exchange,
): Promise<Answer> {
  const sid = readSid(body);
  const { claims, from } = await authenticateOwner(parts.authenticator, carrier);
  if (!(await parts.ownSessions.revoke(claims, sid, info))) throw new SessionNotFoundError();
  if (sid === claims.sid && from === 'cookie') parts.transport.clear(reply, request);
  return ANSWERS.sessionRevoked;
}

/** `POST /sessions/revoke_others/`: ends all of the user's sessions but this one. */
export async function revokeOtherSessions(parts: EndpointParts, { request, carrier, info }: Exchange): Promise<Answer> {
  // It needs nothing of the body, and refuses an unreadable one as all endpoints do.
  bodyOf(request);
  const { claims } = await authenticateOwner(parts.authenticator, carrier);
  const revoked = await parts.ownSessions.revokeOthers(claims, info);
  return ANSWERS.othersRevoked(revoked);
}

/** Whom we signed in. Another issuer's user has no sessions here, and must not reach those of a namesake. */
async function authenticateOwner(authenticator: Authenticator, carrier: Carrier): Promise<Authenticated> {
  const authenticated = await authenticator.authenticate(carrier, 'access');
  if (isForeign(authenticated.claims)) throw new TokenInvalidError();
  return authenticated;
}
