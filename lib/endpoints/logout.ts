import { JwtoError } from '../errors/jwto-error.js';
import { AlreadyBlacklistedError } from '../errors/token-errors.js';
import type { JwtoClaims } from '../tokens/claims.js';
import type { Credential } from '../credentials/credential-reader.js';
import { ANSWERS, type Answer } from './answers.js';
import type { EndpointParts, Exchange } from './exchange.js';
import { assertJwtType } from './request-fields.js';

/** `POST /<refreshPath>/logout/`: ends every session that the request carries a token of ours of, also an expired one. */
export async function logout(parts: EndpointParts, exchange: Exchange): Promise<Answer> {
  assertJwtType(exchange.body, 'refresh');
  const { reader, verifier, csrf } = parts;
  const credential = reader.readAll(exchange.carrier);
  if (credential === undefined) throw reader.missing(exchange.carrier, 'refresh');
  const isPaired = credential.from === 'cookie' && csrf.assertPair(exchange.carrier);
  const sessions = await verifier.identifyAll(credential.tokens);
  if (sessions.length === 0) await verifier.identify(credential.tokens[0] ?? '');
  if (isPaired) csrf.assertBound(exchange.carrier, sessions);

  const ended = await endAll(parts, exchange, sessions);
  if (credential.from === 'cookie') parts.transport.clear(exchange.reply, exchange.request);
  if (!ended) throw new AlreadyBlacklistedError();
  return ANSWERS.blacklisted;
}

/** `DELETE /<refreshPath>/logout/`: the same, and never a refusal for a token's state or absence. */
export async function deleteTokens(parts: EndpointParts, exchange: Exchange): Promise<Answer> {
  assertJwtType(exchange.body, 'refresh');
  const { verifier, csrf, options } = parts;
  const credential = readLeniently(parts, exchange);
  const sessions = await verifier.identifyAll(credential?.tokens ?? []);
  if (credential?.from === 'cookie' && sessions.length > 0) {
    csrf.assertSignOut(exchange.carrier, sessions);
  }
  await endAll(parts, exchange, sessions);
  if ((credential?.from ?? (options.modes[0] === 'JSON' ? 'header' : 'cookie')) === 'header') return ANSWERS.signedOut;
  parts.transport.clear(exchange.reply, exchange.request);
  return ANSWERS.deleted;
}

async function endAll(
  { revoker, timekeeper }: EndpointParts,
  { info }: Exchange,
  sessions: readonly JwtoClaims[],
): Promise<boolean> {
  if (sessions.length > 0) await timekeeper.settle();
  let ended = false;
  for (const claims of sessions) if (await revoker.signOut(claims, info)) ended = true;
  return ended;
}

/** A bad header is no token; two headers are still a bad request. */
function readLeniently({ reader }: EndpointParts, { carrier }: Exchange): Credential | undefined {
  try {
    return reader.readAll(carrier);
  } catch (error) {
    if (error instanceof JwtoError && error.getStatus() === 401) return { from: 'header', tokens: [] };
    throw error;
  }
}
