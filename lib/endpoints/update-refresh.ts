import { ANSWERS } from './answers.js';
import { defineEndpoint } from './endpoint.js';
import { refresh } from './refresh.js';
import { jwtType } from './request-fields.js';

/**
 * A new access token, and a refresh token with a later expiry.
 *
 * @returns `JSON`: both tokens; cookies: `{"msg": "Refresh token successfully updated."}`
 */
export const updateRefresh = defineEndpoint({
  name: 'updateRefresh',
  method: 'POST',
  belowRefreshPath: true,
  inputs: jwtType('refresh'),
  action: (parts, exchange) => refresh(parts, exchange, 'refresh'),
  answer: ANSWERS.refreshUpdated,
});
