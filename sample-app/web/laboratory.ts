import type { Account } from './account.js';
import { readExchange, type Exchange } from './exchange.js';
import type { Settings } from './settings.js';

/** The tokens of a sign-in that an experiment may spoil. */
export interface Tokens {
  readonly access: string;
  readonly refresh: string;
}

/** What is special about a request. */
export interface Oddity {
  /** For the header Authorization. */
  readonly bearer?: string;
  /** An object is sent as JSON, text as it is. */
  readonly body?: object | string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Whether the page's own cookies go along. */
  readonly cookies?: boolean;
  /** Shown with the answer. */
  readonly note?: string;
}

/** Why an experiment cannot be made now, in words for people. */
export class NotPossible extends Error {}

/**
 * What experiments work with. They break rules that `jwto/client` keeps, so they use plain `fetch`, and a JSON sign-in of
 * their own, so that the page's is not harmed.
 */
export class Laboratory {
  private borrowed: Tokens | undefined;

  /** @param told - is called with each exchange, the refusal that an experiment is about being the last */
  constructor(
    readonly account: Account,
    readonly settings: Settings,
    private readonly told: (exchange: Exchange) => void,
    readonly signal: AbortSignal,
  ) {}

  /** A path below the refresh endpoints. */
  refreshPath(name: string): string {
    return `/${this.settings.refreshPath.replace(/^\/|\/$/g, '')}/${name}/`;
  }

  /** Sends a request and shows what came. */
  async send(method: string, path: string, { note, ...oddity }: Oddity = {}): Promise<Response> {
    const answer = await this.ask(method, path, oddity);
    await this.show(`${method} ${path}`, answer, note);
    return answer;
  }

  /** Shows an answer that came. */
  async show(request: string, answer: Response, note?: string): Promise<void> {
    this.told(await readExchange(request, answer.clone(), note));
  }

  /** Sends a request. */
  ask(method: string, path: string, { bearer, body, headers: more, cookies = false }: Oddity = {}): Promise<Response> {
    const headers = new Headers(more);
    if (bearer !== undefined) headers.set('authorization', `Bearer ${bearer}`);
    if (body !== undefined) headers.set('content-type', 'application/json');
    return fetch(path, {
      method,
      headers,
      credentials: cookies ? 'same-origin' : 'omit',
      signal: this.signal,
      ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
  }

  /** Signs alice in once more, for the tokens. */
  async borrow(note = 'A second sign-in of alice, for its tokens.'): Promise<Tokens> {
    this.needJson();
    const body = { username: 'alice', password: 'pass', mode: 'JSON' };
    const answer = await this.send('POST', '/login/', { body, note });
    if (!answer.ok) throw new NotPossible('alice could not be signed in.');
    this.borrowed = (await answer.json()) as Tokens;
    return this.borrowed;
  }

  /** Ends what was borrowed. */
  async tidy(): Promise<void> {
    if (this.borrowed === undefined) return;
    const headers = { authorization: `Bearer ${this.borrowed.refresh}` };
    await fetch(this.refreshPath('logout'), { method: 'DELETE', headers, credentials: 'omit' });
  }

  needJson(): void {
    if (!this.settings.modes.includes('JSON')) {
      throw new NotPossible(
        'This server has cookie modes only. It reads no Authorization header, and no script can take a token in its hands: that is what HttpOnly is for.',
      );
    }
  }

  needCookies(): void {
    if (!this.settings.csrf) throw new NotPossible('This server runs with JWTO_CSRF=false.');
    const { current } = this.account;
    if (current === null || current.mode === 'JSON') {
      throw new NotPossible(
        'Sign in with ONE-COOKIE or TWO-COOKIES first: a Bearer header is never sent by itself, so it needs no CSRF token.',
      );
    }
  }
}
