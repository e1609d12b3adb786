import { JwtoError } from '../errors/jwto-error.js';
import type { JwtoClaims, TokenType } from '../tokens/claims.js';
import { ANSWERS, type Answer } from './answers.js';
import type { EndpointParts, Exchange } from './exchange.js';
import type { RequestBody } from './request-body.js';
import { assertCredentials, readCredentials, readMode } from './request-fields.js';

/** `POST /login/` */
export async function login(parts: EndpointParts, exchange: Exchange): Promise<Answer> {
  try {
    return await signIn(parts, exchange);
  } catch (error) {
    if (error instanceof JwtoError)
      parts.events.emit('jwto.login_failed', { request: exchange.info, reason: error.code });
    throw error;
  }
}

async function signIn(parts: EndpointParts, { request, reply, body, info }: Exchange): Promise<Answer> {
  const mode = readMode(body, parts.options.modes);
  const older = await olderSessions(parts, request);
  if (mode !== 'JSON' || older.length > 0) parts.authenticator.assertLoginOrigin(request);

  const credentials = readCredentials(body);
  if (credentials === undefined) {
    if (await isSignedIn(parts, request)) return ANSWERS.alreadySignedIn;
    return assertCredentials(body) as never;
  }
  const replaces = older.map(({ sid, user }) => ({ sid, userId: String(user.id) }));
  const context = { mode, request: info, body: withoutCredentials(body), replaces };
  const tokens = await parts.signIn.withPassword(credentials, context);
  parts.transport.write(reply, tokens, request);
  return ANSWERS.signedIn(tokens);
}

/** The sessions whose cookies the request carries. A header's session is not this client's to replace. */
function olderSessions({ reader, verifier }: EndpointParts, request: Exchange['request']): Promise<JwtoClaims[]> {
  return verifier.identifyAll(reader.readCookies(request));
}

async function isSignedIn({ authenticator, options }: EndpointParts, request: Exchange['request']): Promise<boolean> {
  const types: TokenType[] = options.modes.includes('JSON') ? ['access', 'refresh'] : ['access'];
  for (const type of types) {
    if (await authenticator.isGood(request, type)) return true;
  }
  return false;
}

function withoutCredentials(body: RequestBody): RequestBody {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !['username', 'password', 'mode'].includes(name)));
}
