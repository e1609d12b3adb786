import { publicKeySet } from '../keys/key-set.js';
import { ANSWERS, type Answer } from './answers.js';
import type { EndpointParts } from './exchange.js';

/** `GET /.well-known/jwks.json`: the public keys, for those who verify our tokens; none where all are secrets. */
export async function keySet({ keys, clock, timekeeper }: EndpointParts): Promise<Answer> {
  if (keys.haveTimes) await timekeeper.settle();
  return ANSWERS.keySet(publicKeySet(keys, clock.now()).keys);
}
