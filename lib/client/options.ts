import type { ClientMode, TabsEnvironment, TokenStorage } from './types.js';

/** The settings of {@link createJwtoClient}. */
export interface JwtoClientOptions {
  /** Where the server's endpoints are, with its global prefix; in a browser it may be relative to the page. */
  baseUrl: string | URL;
  /** One of the server's modes; the login asks for it. */
  mode: ClientMode;
  /** Further origins that the credential is sent to, such as `https://files.example.com`. @defaultValue none */
  origins?: readonly string[] | undefined;
  /** How many seconds before its expiry an access token is replaced, at most a quarter of its life. @defaultValue 30 */
  refreshBefore?: number | undefined;
  /**
   * How many milliseconds one attempt at a refresh may take; there are two. Keep it at half of the server's
   * `rotationGrace` or less: then a second attempt, and another tab's, still find the refresh token accepted.
   * @defaultValue 5000
   */
  refreshTimeout?: number | undefined;
  /** Whether each refresh also moves the end of the sign-in (`update_refresh`). @defaultValue false */
  extend?: boolean | undefined;
  /** JSON only: where the tokens are kept. @defaultValue in memory, for this page alone */
  storage?: TokenStorage | undefined;
  /** ONE-COOKIE only: the server's `accessTokenLifetime` in seconds. @defaultValue a refresh waits for a 401 */
  accessTokenLifetime?: number | undefined;
  /** @defaultValue `login/` */
  loginPath?: string | undefined;
  /** @defaultValue `csrf/` */
  csrfPath?: string | undefined;
  /** The server's `refreshPath`. @defaultValue `api/token/refresh` */
  refreshPath?: string | undefined;
  /** The CSRF cookie, with its prefix if it has one. @defaultValue `csrftoken` */
  csrfCookie?: string | undefined;
  /** The cookie of the claims, with its prefix if it has one. @defaultValue `jwt_access_payload` */
  payloadCookie?: string | undefined;
  /** What sends requests. @defaultValue the global `fetch` */
  fetch?: ((input: string | URL | Request, init?: RequestInit) => Promise<Response>) | undefined;
  /** The cookies that the page can read. @defaultValue `document.cookie` */
  cookies?: (() => string) | undefined;
  /** How the tabs find each other; `false`: not at all. @defaultValue the browser's own, and `false` elsewhere */
  tabs?: TabsEnvironment | false | undefined;
  /** What sessions are called among the tabs and in `storage`. @defaultValue made of `baseUrl`, `refreshPath` and `mode` */
  name?: string | undefined;
}

/** The settings with their defaults; times are milliseconds. @internal */
export interface Settings {
  mode: ClientMode;
  base: URL;
  origins: readonly string[];
  refreshBefore: number;
  refreshTimeout: number;
  /** NaN if not given. */
  accessTokenLifetime: number;
  /** What every request to the server has. */
  more: RequestInit;
  storage: TokenStorage | undefined;
  login: string;
  csrf: string;
  refresh: string;
  logout: string;
  csrfCookie: string;
  payloadCookie: string;
  send: NonNullable<JwtoClientOptions['fetch']>;
  cookies: () => string;
  tabs: TabsEnvironment;
  name: string;
}

const page = globalThis as Partial<typeof globalThis>;

/** @throws TypeError if `baseUrl` or one of `origins` is no URL; outside a page `baseUrl` must be absolute. @internal */
export function resolveOptions({
  baseUrl,
  mode,
  origins = [],
  refreshBefore = 30,
  refreshTimeout = 5000,
  extend,
  storage,
  accessTokenLifetime = NaN,
  loginPath = 'login/',
  csrfPath = 'csrf/',
  refreshPath = 'api/token/refresh',
  csrfCookie = 'csrftoken',
  payloadCookie = 'jwt_access_payload',
  // Looked up at each call: pages are instrumented and tests replace it.
  fetch: send = (input, init) => fetch(input, init),
  cookies = () => page.document?.cookie ?? '',
  // Elsewhere than in a page one process may serve many users, who must not share a sign-in.
  tabs = !!page.document && page,
  name,
}: JwtoClientOptions): Settings {
  const folder = (path: string): string => path.replace(/\/*$/, '/');
  const base = new URL(baseUrl, page.document?.baseURI);
  base.pathname = folder(base.pathname);
  const at = (path: string): string => new URL(path, base).href;
  const refresh = at(folder(refreshPath));
  return {
    mode,
    base,
    origins: [base, ...origins].map((origin) => new URL(origin).origin),
    refreshBefore: refreshBefore * 1000,
    refreshTimeout,
    accessTokenLifetime: accessTokenLifetime * 1000,
    storage,
    login: at(loginPath),
    csrf: at(csrfPath),
    refresh: refresh + (extend ? 'update_refresh/' : 'refresh_access/'),
    logout: `${refresh}logout/`,
    more: mode === 'JSON' ? {} : { credentials: 'include' },
    csrfCookie,
    payloadCookie,
    send,
    cookies,
    tabs: tabs || {},
    name: name ?? `jwto ${refresh} ${mode}`,
  };
}
