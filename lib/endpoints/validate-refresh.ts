import { ANSWERS } from './answers.js';
import { defineEndpoint } from './endpoint.js';
import { jwtType } from './request-fields.js';
import { validate } from './validate.js';

/**
 * Checks the refresh token.
 *
 * @returns `{"msg": "Token is valid"}`
 */
export const validateRefresh = defineEndpoint({
  name: 'validateRefresh',
  method: 'POST',
  belowRefreshPath: true,
  inputs: jwtType('refresh'),
  action: (parts, exchange) => validate(parts, exchange, 'refresh'),
  answer: () => ANSWERS.valid,
});
