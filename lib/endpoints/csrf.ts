import { TokenRevokedError } from '../errors/token-errors.js';
import { realmOf } from '../tokens/signed-by.js';
import { ANSWERS } from './answers.js';
import { defineEndpoint } from './endpoint.js';

/**
 * A new CSRF cookie for the session of the cookies; in cookie modes with `csrf`.
 *
 * @returns `{"msg": "CSRF cookie successfully set."}`
 */
export const csrf = defineEndpoint({
  name: 'csrf',
  method: 'GET',
  async action({ authenticator, sessions, transport }, { carrier, reply }) {
    const { claims, from } = await authenticator.authenticate(carrier, 'access');
    // A client that sends its token in a header needs no CSRF token, and is never answered with a cookie.
    if (from === 'header') return;
    const session = await sessions.find(claims.sid);
    if (session?.keyRealm !== realmOf(claims)) throw new TokenRevokedError();
    transport.writeCsrf(reply, claims.sid, session.endsAt);
  },
  answer: () => ANSWERS.csrf,
});
