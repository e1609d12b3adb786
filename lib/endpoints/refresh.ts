import type { RefreshKind } from '../sign-in/refresh.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import type { EndpointParts, Exchange } from './exchange.js';

/** Refreshes the session of a request, and writes the cookies. @throws JwtoError as `Refresh.run` */
export async function refresh(
  { keys, authenticator, refresh: session, transport }: EndpointParts,
  { request, reply, info }: Exchange,
  kind: RefreshKind,
): Promise<IssuedTokens> {
  const { epoch } = keys;
  const { claims, from } = await authenticator.identify(request, 'refresh');
  const assertStands = async (): Promise<void> => {
    if (keys.epoch !== epoch) await authenticator.identify(request, 'refresh');
  };
  const tokens = await session.run(claims, kind, { request: info, via: from, assertStands });
  transport.write(reply, tokens, request);
  return tokens;
}
