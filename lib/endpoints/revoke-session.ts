import { SessionNotFoundError } from '../errors/request-errors.js';
import { ANSWERS } from './answers.js';
import { defineEndpoint } from './endpoint.js';
import { readSid } from './request-fields.js';
import { authenticateOwner } from './session-owner.js';

/**
 * With `sid`: ends one of the user's own sessions.
 *
 * @returns `{"msg": "Session successfully revoked."}`; another user's is 404 like one that does not exist
 */
export const revokeSession = defineEndpoint({
  name: 'revokeSession',
  method: 'POST',
  verb: 'revoke',
  inputs: readSid,
  async action({ authenticator, ownSessions, transport }, { request, carrier, reply, info }, sid) {
    const { claims, from } = await authenticateOwner(authenticator, carrier);
    if (!(await ownSessions.revoke(claims, sid, info))) throw new SessionNotFoundError();
    if (sid === claims.sid && from === 'cookie') transport.clear(reply, request);
  },
  answer: () => ANSWERS.sessionRevoked,
});
