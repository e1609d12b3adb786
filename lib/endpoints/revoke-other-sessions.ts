import { ANSWERS } from './answers.js';
import { defineEndpoint } from './endpoint.js';
import { authenticateOwner } from './session-owner.js';

/**
 * Ends all of the user's sessions but this one.
 *
 * @returns `{"msg": "Other sessions successfully revoked.", "revoked": n}`
 */
export const revokeOtherSessions = defineEndpoint({
  name: 'revokeOtherSessions',
  method: 'POST',
  verb: 'revoke_others',
  // It needs nothing of the body, and refuses an unreadable one as all endpoints with a body do.
  inputs: () => undefined,
  async action({ authenticator, ownSessions }, { carrier, info }) {
    const { claims } = await authenticateOwner(authenticator, carrier);
    return ownSessions.revokeOthers(claims, info);
  },
  answer: ANSWERS.othersRevoked,
});
