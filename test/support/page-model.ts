import type { Answer } from './client.js';
import { sendRaw } from './raw-http.js';

/** What a page's `fetch` with credentials came to; `blocked` is what a browser's console would say. */
export interface Outcome {
  blocked?: string;
  /** Whether the request itself was sent: what the browser hides from the page has still happened. */
  sent: boolean;
  status?: number;
  code?: string | undefined;
  hint?: unknown;
}

interface StoredCookie {
  name: string;
  value: string;
  host: string;
  hostOnly: boolean;
  path: string;
  httpOnly: boolean;
  sameSite: string;
}

const SIMPLE_METHODS = ['GET', 'HEAD', 'POST'];

/** The cookies of a browser (RFC 6265bis §5). */
export class CookieStore {
  private cookies: StoredCookie[] = [];

  store({ cookies }: Answer, from: URL, crossSite: boolean): void {
    for (const { name, value, domain, path = '/', maxAge, httpOnly = false, sameSite = 'Lax' } of cookies) {
      const host = domain?.replace(/^\./, '') ?? from.hostname;
      if (!isBelow(from.hostname, host) || (crossSite && sameSite !== 'None')) continue;
      const hostOnly = domain === undefined;
      this.cookies = this.cookies.filter(
        (old) => !(old.name === name && old.host === host && old.hostOnly === hostOnly && old.path === path),
      );
      if (maxAge !== 0) this.cookies.push({ name, value, host, hostOnly, path, httpOnly, sameSite });
    }
  }

  for({ hostname, pathname }: URL, crossSite: boolean): StoredCookie[] {
    return this.cookies.filter(
      ({ host, hostOnly, path, sameSite }) =>
        (hostOnly ? host === hostname : isBelow(hostname, host)) &&
        (path === '/' || pathname === path || pathname.startsWith(`${path}/`)) &&
        (!crossSite || sameSite === 'None'),
    );
  }
}

/** A page of an origin in a browser, as far as cookies, CORS and Fetch Metadata go (Fetch standard §4). */
export class PageModel {
  constructor(
    readonly origin: string,
    private readonly api: string,
    private readonly ca: string,
    private readonly store = new CookieStore(),
  ) {}

  /** What `document.cookie` tells of a cookie. */
  cookie(name: string): string | undefined {
    const visible = this.store.for(new URL(this.origin), false).filter(({ httpOnly }) => !httpOnly);
    return visible.find((cookie) => cookie.name === name)?.value;
  }

  login(): Promise<Outcome> {
    return this.fetch('POST', '/login/', { username: 'alice', password: 'pass' });
  }

  /** `fetch` with credentials and, where the page can read the cookie, `X-CSRFToken`. */
  async fetch(method: string, path: string, json?: object, more: Record<string, string> = {}): Promise<Outcome> {
    const csrf = this.cookie('csrftoken');
    const headers: Record<string, string> = {
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(csrf === undefined ? {} : { 'x-csrftoken': csrf }),
      ...more,
    };
    const blocked = await this.preflight(method, path, Object.keys(headers));
    if (blocked !== undefined) return { blocked, sent: false };

    const [url, crossSite] = [new URL(path, this.api), this.site() === 'cross-site'];
    const cookies = this.store.for(url, crossSite).map(({ name, value }) => `${name}=${value}`);
    const answer = await this.send(
      method,
      path,
      { ...headers, ...(cookies.length > 0 && { cookie: cookies.join('; ') }) },
      json,
    );
    this.store.store(answer, url, crossSite);
    const unreadable = this.problemOf(answer, 'the answer');
    if (unreadable !== undefined) return { blocked: unreadable, sent: true };
    return { sent: true, status: answer.status, code: answer.json.code, hint: answer.json['hint'] };
  }

  private async preflight(method: string, path: string, names: readonly string[]): Promise<string | undefined> {
    if (SIMPLE_METHODS.includes(method) && names.length === 0) return undefined;
    const answer = await this.send('OPTIONS', path, {
      'access-control-request-method': method,
      ...(names.length > 0 && { 'access-control-request-headers': [...names].sort().join(',') }),
    });
    const problem = this.problemOf(answer, 'the preflight');
    if (problem !== undefined) return problem;
    const listed = (name: string): string[] => (answer.headers.get(name) ?? '').toLowerCase().split(/ *, */);
    if (!SIMPLE_METHODS.includes(method) && !listed('access-control-allow-methods').includes(method.toLowerCase())) {
      return `the preflight does not allow the method ${method}`;
    }
    const refused = names.find((name) => !listed('access-control-allow-headers').includes(name));
    return refused === undefined ? undefined : `the preflight does not allow the header ${refused}`;
  }

  private problemOf({ status, headers }: Answer, what: string): string | undefined {
    const allowed = headers.get('access-control-allow-origin');
    if (allowed === null) return `${what} has no Access-Control-Allow-Origin`;
    if (allowed !== this.origin) return `${what} allows the origin ${allowed}`;
    if (headers.get('access-control-allow-credentials') !== 'true') return `${what} allows no credentials`;
    return what === 'the preflight' && status >= 300 ? `${what} has the status ${String(status)}` : undefined;
  }

  private send(method: string, path: string, headers: Record<string, string>, json?: object): Promise<Answer> {
    const all = { origin: this.origin, 'sec-fetch-site': this.site(), 'sec-fetch-mode': 'cors', ...headers };
    return sendRaw(this.api, {
      method,
      path,
      ca: this.ca,
      headers: Object.entries(all).map(([name, value]) => `${name}: ${value}`),
      body: json === undefined ? '' : JSON.stringify(json),
    });
  }

  /** The registrable domain of the tests' hosts is their last two labels. */
  private site(): 'same-site' | 'cross-site' {
    const site = (url: string): string => new URL(url).hostname.split('.').slice(-2).join('.');
    return site(this.origin) === site(this.api) ? 'same-site' : 'cross-site';
  }
}

function isBelow(host: string, domain: string): boolean {
  return host === domain || host.endsWith(`.${domain}`);
}
