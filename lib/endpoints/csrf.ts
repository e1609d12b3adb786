import { TokenRevokedError } from '../errors/token-errors.js';
import { realmOf } from '../tokens/signed-by.js';
import { ANSWERS, type Answer } from './answers.js';
import type { EndpointParts, Exchange } from './exchange.js';

/** `GET /csrf/`: a new CSRF cookie for the session of the cookies, for a page that lost its own. */
export async function csrf(parts: EndpointParts, { carrier, reply }: Exchange): Promise<Answer> {
  const { claims, from } = await parts.authenticator.authenticate(carrier, 'access');
  // A client that sends its token in a header needs no CSRF token, and is never answered with a cookie.
  if (from === 'header') return ANSWERS.csrf;
  const session = await parts.sessions.find(claims.sid);
  if (session?.keyRealm !== realmOf(claims)) throw new TokenRevokedError();
  parts.transport.writeCsrf(reply, claims.sid, session.endsAt);
  return ANSWERS.csrf;
}
