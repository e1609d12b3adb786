import { cookieValues } from './claims.js';
import { JwtoClientError } from './errors.js';
import type { Settings } from './options.js';
import type { Tokens } from './vault.js';

/** An answer of one of the server's endpoints, read whole. */
export interface Answer extends Tokens {
  ok: boolean;
  status: number;
  /** The server's reason for a refusal. */
  code?: unknown;
  error?: unknown;
  /** Seconds. */
  retryAfter: number | undefined;
  /** The answer's `Date` in milliseconds since the epoch; NaN where the page may not read it. */
  date: number;
}

/** The server's endpoints, and the CSRF token that cookies need. */
export interface Server {
  /**
   * Sends a request to an endpoint, with the CSRF token; with a fresh one once more if it was not the right one.
   *
   * @param timeout - milliseconds
   * @throws JwtoClientError `unavailable` if no whole answer came, or one of 429 or 5xx
   */
  call(method: string, url: string, init?: RequestInit, timeout?: number): Promise<Answer>;
  /** Adds the CSRF token where it is due and not there, and returns it. */
  prove(method: string, headers: Headers): string | undefined;
  /**
   * Gets another CSRF token than the one that was refused.
   *
   * @returns whether there is one now
   * @throws JwtoClientError `csrf_unreadable`
   */
  renewCsrf(refused: string): Promise<boolean>;
  /** Gives up what is under way. */
  close(): void;
}

/** Whether a refusal is about the CSRF token, so that another one may do. */
export const isCsrf = (status: number, code: unknown): boolean =>
  status === 403 && (code === 'csrf_missing' || code === 'csrf_mismatch');

const HEADER = 'X-CSRFToken';

export function connectServer({ mode, send, csrf, cookies, csrfCookie, base }: Settings): Server {
  const underWay = new Set<AbortController>();
  let closed = false;
  let renewing: Promise<boolean> | undefined;
  let wrong: string | undefined;

  // A cookie that was planted beside the right one may come first.
  const token = (): string | undefined => {
    const values = cookieValues(cookies(), csrfCookie);
    return values.find((value) => value !== wrong) ?? values[0];
  };

  const once = async (method: string, url: string, init: RequestInit, timeout: number): Promise<Answer> => {
    const controller = new AbortController();
    const { signal } = init;
    const abort = (): void => {
      controller.abort(signal?.reason);
    };
    if (closed || signal?.aborted) abort();
    signal?.addEventListener('abort', abort);
    const timer = setTimeout(abort, timeout);
    underWay.add(controller);
    try {
      const response = await send(url, {
        ...init,
        method,
        credentials: mode === 'JSON' ? 'omit' : 'include',
        cache: 'no-store',
        signal: controller.signal,
      });
      const { ok, status, headers } = response;
      const text = await response.text();
      let body: Partial<Answer> = {};
      try {
        body = (JSON.parse(text) as Partial<Answer> | null) ?? {};
      } catch {
        // Not from the endpoint, but from something in front of it; or without a body.
      }
      const retryAfter = Number(headers.get('retry-after')) || undefined;
      const answer = { ...body, ok, status, retryAfter, date: Date.parse(headers.get('date') ?? '') };
      if (status === 429 || status >= 500) throw refusal(answer);
      return answer;
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      if (cause instanceof JwtoClientError) throw cause;
      if (closed) throw new JwtoClientError('disposed', 'The client was disposed of.');
      throw new JwtoClientError('unavailable', `No answer from ${url}`, { cause });
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      underWay.delete(controller);
    }
  };

  const prove = (method: string, headers: Headers): string | undefined => {
    if (mode === 'JSON' || /^(GET|HEAD|OPTIONS)$/i.test(method)) return;
    const value = token();
    if (value && !headers.has(HEADER)) headers.set(HEADER, value);
    return headers.get(HEADER) ?? '';
  };

  const renewCsrf = async (refused: string): Promise<boolean> => {
    wrong = refused;
    if ((token() ?? refused) !== refused) return true;
    renewing ??= once('GET', csrf, {}, 10_000)
      .then(({ ok }) => ok)
      .finally(() => (renewing = undefined));
    if (!(await renewing)) return false;
    if (token()) return true;
    throw new JwtoClientError(
      'csrf_unreadable',
      `This page cannot read the cookie "${csrfCookie}" of ${base.host}, which the header ${HEADER} must repeat. ` +
        `If the page is on another host, set the server's "domain" to the domain of both; else check csrfCookie.`,
    );
  };

  return {
    prove,
    renewCsrf,
    async call(method, url, init = {}, timeout = 20_000) {
      const headers = new Headers(init.headers);
      const sent = prove(method, headers);
      const answer = await once(method, url, { ...init, headers }, timeout);
      if (sent === undefined || !isCsrf(answer.status, answer.code) || !(await renewCsrf(sent))) return answer;
      const again = new Headers(init.headers);
      prove(method, again);
      return once(method, url, { ...init, headers: again }, timeout);
    },
    close() {
      closed = true;
      for (const controller of underWay) controller.abort();
    },
  };
}

/** The error for an answer that refuses. */
export function refusal({ status, code, error, retryAfter }: Answer): JwtoClientError {
  const down = status === 429 || status >= 500;
  const reason = typeof code === 'string' ? code : down ? 'unavailable' : 'refused';
  return new JwtoClientError(
    reason === 'store_unavailable' ? 'unavailable' : reason,
    typeof error === 'string' ? error : `The server answered ${String(status)}.`,
    { status, retryAfter },
  );
}
