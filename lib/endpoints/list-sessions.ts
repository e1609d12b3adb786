import { toSeconds } from '../clock/clock.js';
import { ANSWERS } from './answers.js';
import { defineEndpoint } from './endpoint.js';
import { authenticateOwner } from './session-owner.js';

/**
 * Where the user is signed in; times in whole seconds since the epoch.
 *
 * @returns `{"sessions": [{"sid", "created", "last_used", "expires", "user_agent", "ip", "current"}]}`, the newest first
 */
export const listSessions = defineEndpoint({
  name: 'listSessions',
  method: 'GET',
  async action({ authenticator, ownSessions }, { carrier }) {
    const { claims } = await authenticateOwner(authenticator, carrier);
    const sessions = await ownSessions.list(claims);
    return sessions.map(({ sid, signedInAt, lastUsedAt, expiresAt, userAgent, ip }) => ({
      sid,
      created: toSeconds(signedInAt),
      last_used: toSeconds(lastUsedAt),
      expires: toSeconds(expiresAt),
      user_agent: userAgent,
      ip,
      current: sid === claims.sid,
    }));
  },
  answer: ANSWERS.sessions,
});
