import { ANSWERS } from './answers.js';
import { defineEndpoint } from './endpoint.js';
import { refresh } from './refresh.js';
import { jwtType } from './request-fields.js';

/**
 * A new access token; the refresh token keeps its expiry.
 *
 * @returns `JSON`: both tokens; cookies: `{"msg": "Access token successfully refreshed."}`
 */
export const refreshAccess = defineEndpoint({
  name: 'refreshAccess',
  method: 'POST',
  belowRefreshPath: true,
  inputs: jwtType('refresh'),
  action: (parts, exchange) => refresh(parts, exchange, 'access'),
  answer: ANSWERS.accessRefreshed,
});
