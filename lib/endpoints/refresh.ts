import type { RefreshKind } from '../sign-in/refresh.js';
import { ANSWERS, type Answer } from './answers.js';
import type { EndpointParts, Exchange } from './exchange.js';
import { assertJwtType } from './request-fields.js';

/** `POST /<refreshPath>/refresh_access/`, `POST /<refreshPath>/update_refresh/` */
export async function refresh(
  parts: EndpointParts,
  { request, carrier, reply, body, info }: Exchange,
  kind: RefreshKind,
): Promise<Answer> {
  assertJwtType(body, 'refresh');
  const { keys, authenticator } = parts;
  const { epoch } = keys;
  const { claims, from } = await authenticator.identify(carrier, 'refresh');
  const assertStands = async (): Promise<void> => {
    if (keys.epoch !== epoch) await authenticator.identify(carrier, 'refresh');
  };
  const tokens = await parts.refresh.run(claims, kind, { request: info, via: from, assertStands });
  parts.transport.write(reply, tokens, request);
  return kind === 'access' ? ANSWERS.accessRefreshed(tokens) : ANSWERS.refreshUpdated(tokens);
}
