import type { Carrier } from '../http/carrier.js';
import type { AnyReply } from '../http/raw-reply.js';
import type { AnyRequest } from '../http/raw-request.js';
import type { JwtoClaims } from '../tokens/claims.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import type { EndpointParts } from './exchange.js';

/**
 * The sessions whose cookies a sign-in carries, which it replaces. A header's session is not this client's to replace.
 *
 * @throws JwtoError `request_invalid` for too many cookies, `store_unavailable`
 */
export function olderSessions(
  { reader, verifier }: Pick<EndpointParts, 'reader' | 'verifier'>,
  carrier: Carrier,
): Promise<JwtoClaims[]> {
  return verifier.identifyAll(reader.readCookies(carrier));
}

/** Writes the cookies of a new session, or clears those of the older ones where its tokens travel in bodies. */
export function deliver(
  { transport }: Pick<EndpointParts, 'transport'>,
  { request, reply }: { request: AnyRequest; reply: AnyReply },
  tokens: IssuedTokens,
  older: readonly JwtoClaims[],
): void {
  if (tokens.mode !== 'JSON') transport.write(reply, tokens, request);
  else if (older.length > 0) transport.clear(reply, request);
}
