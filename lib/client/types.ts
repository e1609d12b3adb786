/** How the server carries tokens to this client: one of the modes of its setting `mode`. */
export type ClientMode = 'JSON' | 'ONE-COOKIE' | 'TWO-COOKIES';

/** The claims that every access token has; times are whole seconds since the epoch by the server's clock. */
export interface SessionClaims {
  /** The session. */
  readonly sid: string;
  /** When the access token expires. */
  readonly exp: number;
  readonly iat?: number;
  readonly refresh_iat?: number;
  /** When the user signed in. */
  readonly auth_time?: number;
  readonly user: {
    readonly id: string | number;
    readonly username: string;
    readonly perms: readonly string[];
  };
}

/**
 * Who is signed in.
 *
 * @typeParam Claims - the application's claims; `undefined` in the mode ONE-COOKIE, where a page cannot read them
 */
export interface ClientSession<Claims> {
  readonly claims: Claims;
  /**
   * When the access token expires, in milliseconds since the epoch **by this device's clock**: the time left is
   * `expiresAt - Date.now()`. It is refreshed when it is used, so this is not the end of the session. `undefined` where
   * the page cannot know: in the mode ONE-COOKIE without `accessTokenLifetime`.
   */
  readonly expiresAt: number | undefined;
}

/** What happened to the session. */
export interface SessionChange {
  /** `ended`: the server does not accept the session any more; `code` says why. */
  readonly reason: 'login' | 'refresh' | 'logout' | 'ended';
  /** With `ended`, the server's code: `token_expired`, `token_revoked`, `token_reused`, `user_inactive` … */
  readonly code?: string | undefined;
  /** Whether another tab did it. */
  readonly remote: boolean;
}

/** Called at every change of the session, in other tabs too; `null` means signed out. What it throws changes nothing. */
export type SessionListener<Claims> = (session: ClientSession<Claims> | null, change: SessionChange) => void;

/** What `login` sends: a name, a password, and whatever else the server's setting `lifetimes` reads in `body`. */
export interface ClientCredentials {
  username: string;
  password: string;
  [member: string]: unknown;
}

/** A place for tokens, as `localStorage` and `sessionStorage` are; the methods may return promises. */
export interface TokenStorage {
  getItem(key: string): string | null | Promise<string | null>;
  setItem(key: string, value: string): unknown;
  removeItem(key: string): unknown;
}

/** How the tabs of one browser find each other: the parts of a `window` that exist. */
export interface TabsEnvironment {
  /** For Web Locks. Without them a lease in `localStorage` is used. */
  navigator?: { locks?: Pick<LockManager, 'request'> | undefined } | undefined;
  /** Without it a tab learns about the others by the event `storage`, or when it next checks the session. */
  BroadcastChannel?: (new (name: string) => BroadcastChannel) | undefined;
  /** For a note on when the session changed; never for tokens. */
  localStorage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'> | undefined;
  /** For the event `storage`, where there is no BroadcastChannel. */
  addEventListener?: ((type: 'storage', listener: (event: StorageEvent) => void) => void) | undefined;
  removeEventListener?: ((type: 'storage', listener: (event: StorageEvent) => void) => void) | undefined;
}

/** A client for one sign-in at one server. Its methods need no `this`. */
export interface JwtoClient<Claims> {
  /**
   * Signs in. What was signed in before is replaced.
   *
   * @param credentials - `username`, `password`, and further members for the server's setting `lifetimes`
   * @throws JwtoClientError with the server's code (`credentials_invalid`, `login_throttled` with `retryAfter` …), or
   * `unavailable`
   */
  login(credentials: ClientCredentials, options?: { signal?: AbortSignal | undefined }): Promise<ClientSession<Claims>>;
  /**
   * Ends the session at the server, here and in the other tabs. It also succeeds if there was none.
   *
   * @throws JwtoClientError if the server did not end it, mostly `unavailable`: the session is still alive, and so the
   * client is still signed in; call it again
   */
  logout(): Promise<void>;
  /**
   * Returns who is signed in, or `null`. It refreshes if the access token has expired, and asks the server only then.
   *
   * @throws JwtoClientError `unavailable` if the server must be asked and does not answer, and nothing is known from
   * before
   */
  session(): Promise<ClientSession<Claims> | null>;
  /**
   * `fetch` for a signed-in page, with the same parameters and result. A relative URL is resolved against `baseUrl`.
   * Requests to other origins than those of `baseUrl` and `origins` are sent unchanged, without a credential.
   *
   * @returns the answer, whatever its status; a 401 means that nobody is signed in (any more)
   * @throws JwtoClientError `unavailable` if the access token has expired and no new one can be had now;
   * `session_replaced` if another sign-in came while the request waited for one; `csrf_unreadable`
   */
  readonly fetch: (input: string | URL | Request, init?: RequestInit) => Promise<Response>;
  /**
   * Calls the listener at every change of the session from now on.
   *
   * @returns a function that removes the listener
   */
  onChange(listener: SessionListener<Claims>): () => void;
  /** Removes all listeners and disconnects from the other tabs. The session stays, and what is under way goes on. */
  dispose(): void;
}
