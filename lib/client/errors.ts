/**
 * Why a call to the client failed: one of its own reasons, or the `code` of the server's answer, such as
 * `credentials_invalid`.
 *
 * - `unavailable`: no answer, or 429 or 5xx. Nothing has changed and nobody was signed out: try again.
 * - `redirected`: the server, or something in front of it, answered with a redirect, which is not followed.
 * - `refused`: the server refused and its answer has no `code`.
 * - `session_replaced`: the request waited for a refresh, and another sign-in came meanwhile. It was not sent.
 * - `csrf_unreadable`: the page cannot read the CSRF cookie, so it cannot prove that a request is its own.
 * - `session_unreadable`: the page cannot read the cookie with the claims.
 */
export type JwtoClientErrorCode =
  | 'unavailable'
  | 'redirected'
  | 'refused'
  | 'session_replaced'
  | 'csrf_unreadable'
  | 'session_unreadable'
  | (string & {});

/** What a {@link JwtoClientError} may carry beside its code and explanation. */
export interface JwtoClientErrorDetails {
  /** The HTTP status, where there was an answer. */
  status?: number | undefined;
  /** Seconds after which the server wants to be asked again (`Retry-After`). */
  retryAfter?: number | undefined;
  cause?: unknown;
}

/**
 * Everything that the client throws itself, apart from the reason of an aborted signal and what `fetch` rejects with.
 *
 * @example
 * ```ts
 * try {
 *   await client.login({ username, password });
 * } catch (error) {
 *   if (error instanceof JwtoClientError && error.code === 'credentials_invalid') showWrongPassword();
 *   else throw error;
 * }
 * ```
 */
export class JwtoClientError extends Error {
  /** Stable; the message may change. */
  declare readonly code: JwtoClientErrorCode;
  /** The HTTP status, where there was an answer. */
  declare readonly status: number | undefined;
  /** Seconds after which the server wants to be asked again (`Retry-After`). */
  declare readonly retryAfter: number | undefined;

  constructor(code: JwtoClientErrorCode, message: string, details: JwtoClientErrorDetails = {}) {
    super(message, details);
    const { status, retryAfter } = details;
    Object.assign(this, { name: 'JwtoClientError', code, status, retryAfter });
  }
}

/** Where the page is: of workers too, and `undefined` outside of both. */
const here = (): Location | undefined => (globalThis as Partial<typeof globalThis>).location;

/**
 * The error for a cookie that the page must read and cannot.
 *
 * @param base - where the server is; only where the page is on another host can `domain` be the cause
 */
export function unreadable(
  code: 'csrf_unreadable' | 'session_unreadable',
  cookie: string,
  { hostname }: URL,
): JwtoClientError {
  const page = here()?.hostname ?? hostname;
  const cause =
    page === hostname
      ? 'another name, or the browser did not keep it'
      : `pages on ${page} see those of ${hostname} only with a "domain" above both. Best use one host`;
  return new JwtoClientError(code, `Cookie "${cookie}" unreadable: ${cause}`);
}

/**
 * The error for an answer that did not come.
 *
 * @param credentials - whether the request asked for cookies
 */
export function unavailable(url: string, credentials: boolean, details?: JwtoClientErrorDetails): JwtoClientError {
  const origin = here()?.origin ?? '';
  const cause =
    !origin || origin === new URL(url).origin
      ? 'offline?'
      : `offline, or the server's CORS settings are missing or do not allow this page's origin ${origin}` +
        (credentials ? ' with credentials' : '');
  return new JwtoClientError('unavailable', `No answer from ${url}: ${cause}`, details);
}

/** The error for a redirect. */
export const redirected = (url: string): JwtoClientError =>
  new JwtoClientError(
    'redirected',
    `${url} answered with a redirect, which is not followed: set baseUrl to where it leads`,
  );
