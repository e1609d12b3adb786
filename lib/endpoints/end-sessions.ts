import type { JwtoClaims } from '../tokens/claims.js';
import type { EndpointParts, Exchange } from './exchange.js';

/**
 * Ends the sessions of a log-out.
 *
 * @returns whether one of them had not ended before
 * @throws JwtoError `store_unavailable`
 */
export async function endSessions(
  { revoker, timekeeper }: EndpointParts,
  { info }: Exchange,
  sessions: readonly JwtoClaims[],
): Promise<boolean> {
  if (sessions.length > 0) await timekeeper.settle();
  let ended = false;
  for (const claims of sessions) if (await revoker.signOut(claims, info)) ended = true;
  return ended;
}
