import { TokenRevokedError } from '../errors/token-errors.js';
import { realmOf } from '../tokens/signed-by.js';
import { ANSWERS } from './answers.js';
import { defineEndpoint } from './endpoint.js';

/**
 * In cookie modes with `csrf`, for a page that lost its CSRF cookie.
 *
 * @returns a new CSRF cookie for the session of the cookies
 */
export const csrf = defineEndpoint({
  name: 'csrf',
  method: 'GET',
  async action({ authenticator, sessions, transport }, { request, reply }) {
    const { claims, from } = await authenticator.authenticate(request, 'access');
    // A client that sends its token in a header needs no CSRF token, and is never answered with a cookie.
    if (from === 'header') return;
    const session = await sessions.find(claims.sid);
    if (session?.keyRealm !== realmOf(claims)) throw new TokenRevokedError();
    transport.writeCsrf(reply, claims.sid, session.endsAt);
  },
  answer: () => ANSWERS.csrf,
});
