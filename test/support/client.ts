import { parseSetCookie, type Cookie } from 'set-cookie-parser';

/** An answer, read whole. */
export interface Answer {
  status: number;
  headers: Headers;
  /** Parsed where it is JSON, else `undefined`. */
  json: Record<string, unknown> & { code?: string; error?: string; msg?: string; access?: string; refresh?: string };
  text: string;
  cookies: Cookie[];
}

/** What to send. */
export interface Sending {
  method?: string;
  json?: unknown;
  form?: Record<string, string>;
  body?: string | Uint8Array;
  headers?: Record<string, string>;
}

const REFRESH = '/api/token/refresh';

/**
 * A client with a cookie jar, which sends cookies as a browser on https would: the jar looks at `Path`, `Max-Age` and
 * `Domain`, and sends `Secure` cookies too, as the tests' servers speak plain http on loopback.
 */
export class Client {
  readonly jar = new Map<string, Cookie>();
  bearer: string | undefined;

  constructor(readonly url: string) {}

  async send(path: string, { method = 'POST', json, form, body, headers = {} }: Sending = {}): Promise<Answer> {
    const cookie = this.cookieHeader(path);
    const type =
      json === undefined
        ? form === undefined
          ? {}
          : { 'content-type': 'application/x-www-form-urlencoded' }
        : { 'content-type': 'application/json' };
    const response = await fetch(this.url + path, {
      method,
      redirect: 'manual',
      headers: {
        ...type,
        ...(cookie === '' ? {} : { cookie }),
        ...(this.bearer === undefined ? {} : { authorization: `Bearer ${this.bearer}` }),
        ...headers,
      },
      // With the types of the DOM, where a Uint8Array may be on shared memory, it is none.
      body: ((json === undefined
        ? form === undefined
          ? body
          : new URLSearchParams(form).toString()
        : JSON.stringify(json)) ?? null) as NonNullable<RequestInit['body']> | null,
    });
    const text = await response.text();
    const cookies = parseSetCookie(response.headers.getSetCookie());
    for (const set of cookies) this.store(set);
    const isJson = response.headers.get('content-type')?.includes('json') === true;
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: (isJson ? JSON.parse(text) : {}) as Answer['json'],
      cookies,
    };
  }

  get(path: string, headers: Record<string, string> = {}): Promise<Answer> {
    return this.send(path, { method: 'GET', headers });
  }

  /** Signs in; in JSON mode the access token is sent from then on. */
  async login(username = 'alice', password = 'pass', more: Record<string, unknown> = {}): Promise<Answer> {
    const answer = await this.send('/login/', { json: { username, password, ...more } });
    if (answer.json.access !== undefined) this.bearer = answer.json.access;
    return answer;
  }

  /** POSTs to a refresh endpoint, with the CSRF header where there is a CSRF cookie. */
  refresh(endpoint: string, sending: Sending = {}): Promise<Answer> {
    return this.send(`${REFRESH}/${endpoint}/`, { ...sending, headers: { ...this.csrf(), ...sending.headers } });
  }

  /** The header that proves a cookie session. */
  csrf(): Record<string, string> {
    const token = this.cookie('csrftoken');
    return token === undefined ? {} : { 'x-csrftoken': token };
  }

  cookie(name: string): string | undefined {
    return this.jar.get(name)?.value;
  }

  private store(set: Cookie): void {
    if (set.maxAge === 0) this.jar.delete(set.name);
    else this.jar.set(set.name, set);
  }

  private cookieHeader(path: string): string {
    return [...this.jar.values()]
      .filter((cookie) => path.startsWith(cookie.path ?? '/'))
      .map(({ name, value }) => `${name}=${value}`)
      .join('; ');
  }
}
