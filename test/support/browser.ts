import type { Answer } from './client.js';
import { sendRaw } from './raw-http.js';
import type { TestApp } from './test-app.js';

/** The public host of the application, as a browser sees it. */
export const HOST = 'app.example.com';
export const OWN_ORIGIN = `https://${HOST}`;

/** How a request differs from what a good page of ours sends. */
export interface Difference {
  /** By name in lower case; `null` leaves a header out, a list sends it several times. */
  headers?: Readonly<Record<string, string | readonly string[] | null>>;
  /** The `Cookie` header, from the browser's own cookies. */
  cookies?: (own: Readonly<Record<string, string>>) => string;
  body?: string;
}

/** A signed-in browser of which a test decides every header. It keeps the cookies of its login and no later ones. */
export class Browser {
  private constructor(
    private readonly test: TestApp,
    readonly cookies: Readonly<Record<string, string>>,
  ) {}

  static async signIn(test: TestApp, username = 'alice'): Promise<Browser> {
    const login = await test.client().login(username);
    const cookies = login.cookies.filter(({ maxAge }) => maxAge !== 0).map(({ name, value }) => [name, value] as const);
    return new Browser(test, Object.fromEntries(cookies));
  }

  get csrf(): string {
    return this.cookies['csrftoken'] ?? '';
  }

  /**
   * Sends `METHOD /path` as a page of ours would.
   *
   * @param difference - and what is different about it
   */
  send(route: string, { headers = {}, cookies = joined, body }: Difference = {}): Promise<Answer> {
    const [method = '', path = ''] = route.split(' ');
    const all: Difference['headers'] = {
      host: HOST,
      origin: OWN_ORIGIN,
      'x-csrftoken': this.csrf,
      cookie: cookies(this.cookies),
      ...headers,
    };
    const lines = Object.entries(all).flatMap(([name, value]) =>
      value === null ? [] : [value].flat().map((one) => `${name}: ${one}`),
    );
    return sendRaw(this.test.url, { method, path, headers: lines, body: body ?? '' });
  }
}

/** The `Cookie` header of a browser, with changes; `null` leaves a cookie out. */
export function joined(
  own: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string | null>> = {},
): string {
  return Object.entries({ ...own, ...changes })
    .flatMap(([name, value]) => (value === null ? [] : [`${name}=${value}`]))
    .join('; ');
}
