import type { EndpointName } from '../options/endpoint-paths.js';
import { csrf } from './csrf.js';
import { deleteTokens } from './delete-tokens.js';
import type { Endpoint } from './endpoint.js';
import { keySet } from './key-set.js';
import { listSessions } from './list-sessions.js';
import { login } from './login.js';
import { logout } from './logout.js';
import { refreshAccess } from './refresh-access.js';
import { revokeOtherSessions } from './revoke-other-sessions.js';
import { revokeSession } from './revoke-session.js';
import { updateRefresh } from './update-refresh.js';
import { validateAccess } from './validate-access.js';
import { validateRefresh } from './validate-refresh.js';

/** Every endpoint, by the name that the settings have for it. Routes, conflicts, OpenAPI and docs/endpoints.md follow from it. */
export const ENDPOINTS: Readonly<Record<EndpointName, readonly [Endpoint, ...Endpoint[]]>> = {
  login: [login],
  validateAccess: [validateAccess],
  validateRefresh: [validateRefresh],
  refreshAccess: [refreshAccess],
  updateRefresh: [updateRefresh],
  logout: [logout, deleteTokens],
  csrf: [csrf],
  sessions: [listSessions, revokeSession, revokeOtherSessions],
  jwks: [keySet],
};
