import type { TokenType } from '../tokens/claims.js';
import { isForeign } from '../tokens/foreign-claims.js';
import type { EndpointParts, Exchange } from './exchange.js';

/** Authenticates a request, for the endpoints that do nothing else. @throws JwtoError as `Authenticator.authenticate` */
export async function validate(
  { authenticator, events }: EndpointParts,
  { carrier, info }: Exchange,
  type: TokenType,
): Promise<void> {
  const { claims } = await authenticator.authenticate(carrier, type);
  events.emit('jwto.token_validated', {
    userId: String(claims.user.id),
    sid: isForeign(claims) ? null : claims.sid,
    claims,
    request: info,
  });
}
