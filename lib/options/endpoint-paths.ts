/** The endpoints that the module registers, as {@link JwtoOptions.endpoints} names them. */
export type EndpointName =
  | 'login'
  | 'validateAccess'
  | 'validateRefresh'
  | 'refreshAccess'
  | 'updateRefresh'
  | 'logout'
  | 'csrf'
  | 'sessions'
  | 'jwks';

/** What the settings alone do not say. */
export interface OptionContext {
  /** Whether there is a key that signs; without one there is no login and no refresh. */
  issues: boolean;
  /** Whether the module instance has a name. The JWK Set has one usual place, so a named instance needs a path for it. */
  named: boolean;
}

/** What decides whether there is an endpoint. */
interface EndpointContext extends OptionContext {
  allowRefreshUpdate: boolean;
  /** Whether a mode has cookies, which CSRF tokens protect. */
  hasCsrf: boolean;
  /** Whether the settings give the endpoint a path. */
  hasPath: boolean;
}

interface EndpointPath {
  /** The path where the settings give none, without slashes at its ends; djwto's where it has one. */
  readonly path: string;
  /** Left out, only {@link JwtoOptions.endpoints} takes the endpoint away. */
  readonly isThere?: (context: EndpointContext) => boolean;
}

/** The path of each endpoint, and when there is one. What it does is in `lib/endpoints`. */
export const ENDPOINT_PATHS: Readonly<Record<EndpointName, EndpointPath>> = {
  login: { path: 'login', isThere: ({ issues }) => issues },
  validateAccess: { path: 'validate_access' },
  validateRefresh: { path: 'validate_refresh' },
  refreshAccess: { path: 'refresh_access', isThere: ({ issues }) => issues },
  updateRefresh: {
    path: 'update_refresh',
    isThere: ({ issues, allowRefreshUpdate }) => issues && allowRefreshUpdate,
  },
  logout: { path: 'logout' },
  csrf: { path: 'csrf', isThere: ({ hasCsrf }) => hasCsrf },
  sessions: { path: 'sessions' },
  jwks: { path: '.well-known/jwks.json', isThere: ({ named, hasPath }) => !named || hasPath },
};

/** The names of the endpoints, in the order of their routes. */
export const ENDPOINT_NAMES = Object.keys(ENDPOINT_PATHS) as EndpointName[];
