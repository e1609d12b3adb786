import { publicKeySet } from '../keys/key-set.js';
import { ANSWERS } from './answers.js';
import { defineEndpoint } from './endpoint.js';

/**
 * The public keys, for services that verify tokens; none where all keys are secrets. See docs/keys.md.
 *
 * @returns a JWK Set, `Cache-Control: public, max-age=300`
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
