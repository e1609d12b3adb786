import { toSeconds } from '../clock/clock.js';
import { SessionNotFoundError } from '../errors/request-errors.js';
import { ANSWERS, type Answer } from './answers.js';
import type { EndpointParts, Exchange } from './exchange.js';

/** `GET /sessions/`: where the user is signed in; times in whole seconds since the epoch. */
export async function listSessions({ authenticator, tokens }: EndpointParts, { request }: Exchange): Promise<Answer> {
  const { claims } = await authenticator.authenticate(request, 'access');
  const sessions = await tokens.listSessions(claims.user.id);
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

/** `DELETE /sessions/<sid>/`: ends one of the user's own sessions. */
export async function revokeOneSession(
  parts: EndpointParts,
  { request, reply, info, params }: Exchange,
): Promise<Answer> {
  const { claims, from } = await parts.authenticator.authenticate(request, 'access');
  const sid = params['sid'] ?? '';
  const own = await parts.tokens.listSessions(claims.user.id);
  const ended =
    own.some((session) => session.sid === sid) && (await parts.tokens.revokeSession(sid, { request: info }));
  if (!ended) throw new SessionNotFoundError();
  if (sid === claims.sid && from === 'cookie') parts.transport.clear(reply, request);
  return ANSWERS.sessionRevoked;
}

/** `DELETE /sessions/`: ends all of the user's sessions but this one. */
export async function revokeOtherSessions(
  { authenticator, tokens }: EndpointParts,
  { request, info }: Exchange,
): Promise<Answer> {
  const { claims } = await authenticator.authenticate(request, 'access');
  return ANSWERS.othersRevoked(await tokens.revokeOtherSessions(claims.user.id, claims.sid, { request: info }));
}
