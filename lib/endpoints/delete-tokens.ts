import { provesNobody } from '../errors/jwto-error.js';
import type { Credential } from '../credentials/credential-reader.js';
import { ANSWERS } from './answers.js';
import { endSessions } from './end-sessions.js';
import { defineEndpoint } from './endpoint.js';
import type { EndpointParts, Exchange } from './exchange.js';
import { jwtType } from './request-fields.js';

/**
 * Ends the same sessions, and is never refused for a token's state or absence.
 *
 * @returns cookies: `{"msg": "Tokens successfully deleted."}`; `JSON`: 204
 */
export const deleteTokens = defineEndpoint({
  name: 'deleteTokens',
  method: 'DELETE',
  belowRefreshPath: true,
  successStatus: ({ modes }) => (modes[0] === 'JSON' ? 204 : 200),
  inputs: jwtType('refresh'),
  async action(parts, exchange) {
    const { verifier, csrf, options, transport } = parts;
    const { request, carrier, reply } = exchange;
    const credential = readLeniently(parts, exchange);
    const sessions = await verifier.identifyAll(credential?.tokens ?? []);
    if (credential?.from === 'cookie' && sessions.length > 0) csrf.assertSignOut(carrier, sessions);
    await endSessions(parts, exchange, sessions);
    const from = credential?.from ?? (options.modes[0] === 'JSON' ? 'header' : 'cookie');
    if (from === 'cookie') transport.clear(reply, request);
    return from;
  },
  answer: (from) => (from === 'header' ? ANSWERS.signedOut : ANSWERS.deleted),
});

/** A bad header counts as no token; two headers are still a bad request. */
function readLeniently({ reader }: EndpointParts, { carrier }: Exchange): Credential | undefined {
  try {
    return reader.readAll(carrier);
  } catch (error) {
    if (provesNobody(error)) return { from: 'header', tokens: [] };
    throw error;
  }
}
