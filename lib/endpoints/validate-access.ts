import { ANSWERS } from './answers.js';
import { defineEndpoint } from './endpoint.js';
import { jwtType } from './request-fields.js';
import { validate } from './validate.js';

/**
 * Checks the access token.
 *
 * @returns `{"msg": "Token is valid"}`
 */
export const validateAccess = defineEndpoint({
  name: 'validateAccess',
  method: 'POST',
  inputs: jwtType('access'),
  action: (parts, exchange) => validate(parts, exchange, 'access'),
  answer: () => ANSWERS.valid,
});
