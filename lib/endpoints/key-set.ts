import { publicKeySet } from '../keys/key-set.js';
import { ANSWERS, type Answer } from './answers.js';
import type { EndpointParts } from './exchange.js';

/** `GET /.well-known/jwks.json`: the public keys, for those who verify our tokens; none where all are secrets. */
export function keySet({ keys, clock }: EndpointParts): Answer {
  return ANSWERS.keySet(publicKeySet(keys, clock.now()).keys);
}
