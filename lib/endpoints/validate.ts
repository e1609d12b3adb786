import type { TokenType } from '../tokens/claims.js';
import { isForeign } from '../tokens/foreign-claims.js';
import { ANSWERS, type Answer } from './answers.js';
import type { EndpointParts, Exchange } from './exchange.js';
import { assertJwtType } from './request-fields.js';

/** `POST /validate_access/`, `POST /<refreshPath>/validate_refresh/` */
export async function validate(
  parts: EndpointParts,
  { carrier, body, info }: Exchange,
  type: TokenType,
): Promise<Answer> {
  assertJwtType(body, type);
  const { claims } = await parts.authenticator.authenticate(carrier, type);
  parts.events.emit('jwto.token_validated', {
    userId: String(claims.user.id),
    sid: isForeign(claims) ? null : claims.sid,
    claims,
    request: info,
  });
  return ANSWERS.valid;
}
