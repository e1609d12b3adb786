import type { RefreshKind } from '../sign-in/refresh.js';
import type { JwtoClaims } from '../tokens/claims.js';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import type { EndpointParts, Exchange } from './exchange.js';

/** Refreshes the session of a request, and writes the cookies. @throws JwtoError as `Refresh.run` */
export async function refresh(
  parts: EndpointParts,
  { request, carrier, reply, info }: Exchange,
  kind: RefreshKind,
): Promise<IssuedTokens> {
  const { keys, authenticator, tokens: service, transport } = parts;
  const { epoch } = keys;
  const { claims, from } = await authenticator.identify(carrier, 'refresh');
  const assertStands = async (): Promise<void> => {
    if (keys.epoch !== epoch) await authenticator.identify(carrier, 'refresh');
  };
  const options = { request: info, verified: { claims, via: from, assertStands } };
  const token = tokenOf(parts, carrier, claims);
  const tokens = await (kind === 'access' ? service.refresh(token, options) : service.updateRefresh(token, options));
  transport.write(reply, tokens, request);
  return tokens;
}

/** The one of the request's tokens that these claims are of. */
function tokenOf({ reader, verifier }: EndpointParts, carrier: Exchange['carrier'], { jti }: JwtoClaims): string {
  const { tokens } = reader.read(carrier, 'refresh');
  const [only = ''] = tokens;
  return tokens.length === 1 ? only : (tokens.find((token) => isOf(verifier, token, jti)) ?? only);
}

function isOf(verifier: EndpointParts['verifier'], token: string, jti: string | undefined): boolean {
  try {
    return verifier.decode(token).payload['jti'] === jti;
  } catch {
    // A planted cookie may be no token at all.
    return false;
  }
}
