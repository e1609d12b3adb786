import { publicKeySet } from '../keys/key-set.js';
import { ANSWERS } from './answers.js';
import { defineEndpoint } from './endpoint.js';

/**
 * For those who verify our tokens.
 *
 * @returns the public keys as a JWK Set, `Cache-Control: public, max-age=300`; none where all keys are secrets, see [keys](keys.md)
 */
export const keySet = defineEndpoint({
  name: 'keySet',
  method: 'GET',
  async action({ keys, clock, timekeeper }) {
    if (keys.haveTimes) await timekeeper.settle();
    return publicKeySet(keys, clock.now()).keys;
  },
  answer: ANSWERS.keySet,
});
