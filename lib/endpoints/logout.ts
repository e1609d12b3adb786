import { AlreadyBlacklistedError } from '../errors/token-errors.js';
import { ANSWERS } from './answers.js';
import { endSessions } from './end-sessions.js';
import { defineEndpoint } from './endpoint.js';
import { jwtType } from './request-fields.js';

/**
 * Ends every session of which the request carries a token, even an expired one.
 *
 * @returns `{"msg": "Token successfully blacklisted."}`
 */
export const logout = defineEndpoint({
  name: 'logout',
  method: 'POST',
  belowRefreshPath: true,
  inputs: jwtType('refresh'),
  async action(parts, exchange) {
    const { reader, verifier, csrf, transport } = parts;
    const { request, carrier, reply } = exchange;
    const credential = reader.readAll(carrier);
    if (credential === undefined) throw reader.missing(carrier, 'refresh');
    const isPaired = credential.from === 'cookie' && csrf.assertPair(carrier);
    const sessions = await verifier.identifyAll(credential.tokens);
    if (sessions.length === 0) await verifier.identify(credential.tokens[0] ?? '');
    if (isPaired) csrf.assertBound(carrier, sessions);

    const ended = await endSessions(parts, exchange, sessions);
    if (credential.from === 'cookie') transport.clear(reply, request);
    if (!ended) throw new AlreadyBlacklistedError();
  },
  answer: () => ANSWERS.blacklisted,
});
