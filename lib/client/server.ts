import { cookieValues, parse } from './claims.js';
import { JwtoClientError, redirected, unavailable, unreadable } from './errors.js';
import { sleep } from './lock.js';
import type { Settings } from './options.js';
import type { Tokens } from './vault.js';

/** An answer of one of the server's endpoints, read whole. */
export interface Answer extends Tokens {
  ok: boolean;
  status: number;
  /** The server's reason for a refusal; what stands before it may number its own. */
  code?: string;
  error?: string;
  /** Seconds. */
  retryAfter: number | undefined;
}

/** The way to the server: its endpoints, and requests of the page's with the proof that cookies need. */
export interface Server {
  /**
   * Asks one of the endpoints.
   *
   * @param token - for the header `Authorization`
   * @param timeout - milliseconds
   * @throws JwtoClientError `unavailable` if no whole answer came, or one of 429 or 5xx
   */
  ask(method: string, url: string, token?: string, init?: RequestInit, timeout?: number): Promise<Answer>;
  /**
   * Sends a request with the token in the header `Authorization`, if there is one, and the CSRF token where it is due
   * and not there; if that was not the right one, gets another, and sends the request once more.
   *
   * @throws JwtoClientError `csrf_unreadable`
   */
  prove(
    method: string,
    own: HeadersInit | undefined,
    token: string | undefined,
    send: (headers: Headers) => Promise<Response>,
    repeatable?: boolean,
  ): Promise<Response>;
}

/** How long the body of a refusal of the page's is waited for; milliseconds. */
const BODY_LIMIT = 2000;
/** For these another CSRF token may help. */
const CSRF_CODES: readonly string[] = ['csrf_missing', 'csrf_mismatch'];

/** The `code` of a refusal, as text; leaves its body to be read. */
export async function codeOf(response: Response): Promise<string> {
  const text = response.clone().text();
  text.catch(() => '');
  // A body that never ends must not hold up who waits for the answer.
  const body = await Promise.race([text, sleep(BODY_LIMIT).then(() => '')]);
  return String((parse(body) as Partial<Answer> | undefined)?.code);
}

export function connectServer({ mode, base, send, more, csrf, cookies, csrfCookie }: Settings): Server {
  const header = 'x-csrftoken';
  let renewing: Promise<Response> | undefined;
  let wrong: string | undefined;

  // A cookie that was planted beside the right one may come first.
  const token = (): string => {
    const values = cookieValues(cookies(), csrfCookie);
    return values.find((value) => value !== wrong) ?? values[0] ?? '';
  };

  /** @returns whether there is another token now than the one that was refused */
  const renew = async (refused: string): Promise<boolean> => {
    wrong = refused;
    if (token() !== refused) return true;
    renewing ??= send(csrf, { ...more, signal: AbortSignal.timeout(5000) }).finally(() => (renewing = undefined));
    if (!(await renewing).ok) return false;
    if (token()) return true;
    throw unreadable('csrf_unreadable', csrfCookie, base);
  };

  const prove: Server['prove'] = async (method, own, bearer, send, repeatable = true) => {
    const headers = new Headers(own);
    if (bearer) headers.set('authorization', `Bearer ${bearer}`);
    const due = mode !== 'JSON' && !headers.has(header) && !/^(get|head|options)$/i.test(method);
    // Where none is due, the page may not even be allowed to look at its cookies.
    const proof = due ? token() : '';
    if (proof) headers.set(header, proof);
    const response = await send(headers);
    if (!due || response.status !== 403 || !CSRF_CODES.includes(await codeOf(response))) return response;
    if (!(await renew(proof)) || !repeatable) return response;
    headers.set(header, token());
    return send(headers);
  };

  return {
    prove,
    async ask(method, url, bearer, init, timeout = 20_000) {
      const signal = AbortSignal.timeout(timeout);
      // `follow` would send a password on to wherever the redirect points.
      const all: RequestInit = { signal, redirect: 'manual', ...more, ...init, method };
      let response: Response;
      let body: string;
      try {
        response = await prove(method, init?.headers, bearer, (headers) => send(url, { ...all, headers }));
        if (response.type === 'opaqueredirect' || (response.status >= 300 && response.status < 400))
          throw redirected(url);
        body = await response.text();
      } catch (cause) {
        if (cause instanceof JwtoClientError) throw cause;
        throw unavailable(url, mode !== 'JSON', { cause });
      }
      const { ok, status, headers } = response;
      const parsed = parse(body) as Tokens | undefined;
      const answer = { ...parsed, ok, status, retryAfter: Number(headers.get('retry-after')) || undefined };
      // A page of something in between, such as a hotel's login, is no answer either; nor are tokens that are not there.
      const none = mode === 'JSON' && method === 'POST' ? !parsed?.access : body && !parsed;
      if (status === 429 || status >= 500 || (ok && none)) throw refusal(answer, 'unavailable');
      return answer;
    },
  };
}

/** The error for an answer that refuses. */
export function refusal({ code, error, ...answer }: Answer, otherwise = 'refused'): JwtoClientError {
  const reason = typeof code === 'string' && code !== '' && code !== 'store_unavailable' ? code : otherwise;
  return new JwtoClientError(reason, error ?? `HTTP ${String(answer.status)}`, answer);
}
