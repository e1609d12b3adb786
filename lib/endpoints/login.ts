import { hasLeft } from '../http/raw-request.js';
import { unreadType } from '../http/request-body.js';
import type { TokenType } from '../tokens/claims.js';
import { ANSWERS } from './answers.js';
import { defineEndpoint } from './endpoint.js';
import type { EndpointParts, Exchange } from './exchange.js';
import { deliver, olderSessions } from './replaced-sessions.js';
import { assertCredentials, LoginBody, readLogin } from './request-fields.js';

/**
 * Signs in, with `username`, `password`, and perhaps `mode`.
 *
 * @returns `JSON`: `{"refresh", "access"}`; cookies: `{"msg": "Tokens successfully created."}`
 */
export const login = defineEndpoint({
  name: 'login',
  method: 'POST',
  bodyType: LoginBody,
  inputs: (body, { modes }) => readLogin(body, modes),
  async action(parts, { request, carrier, reply, info }, { mode, credentials, others }) {
    const older = await olderSessions(parts, carrier);
    if (mode !== 'JSON' || older.length > 0) parts.csrf.assertLogin(carrier);

    if (credentials === undefined) {
      if (await isSignedIn(parts, carrier)) return undefined;
      return assertCredentials({}, unreadType(request)) as never;
    }
    const { user, signedInAt } = await parts.signIn.authenticate(credentials, { body: others, request: info });
    const tokens = await parts.tokens.issue(user, {
      mode,
      signedInAt,
      body: others,
      request: info,
      replaces: older,
      hasLeft: () => hasLeft(request),
    });
    deliver(parts, { request, reply }, tokens, older);
    return tokens;
  },
  answer: (tokens) => (tokens === undefined ? ANSWERS.alreadySignedIn : ANSWERS.signedIn(tokens)),
  onRefusal({ code }, { events }, { info }) {
    events.emit('jwto.login_failed', { request: info, reason: code });
  },
});

async function isSignedIn({ authenticator, options }: EndpointParts, carrier: Exchange['carrier']): Promise<boolean> {
  const types: TokenType[] = options.modes.includes('JSON') ? ['access', 'refresh'] : ['access'];
  for (const type of types) {
    if (await authenticator.isGood(carrier, type)) return true;
  }
  return false;
}
