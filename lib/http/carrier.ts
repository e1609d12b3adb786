import type { RequestInfo } from '../events/jwto-event.js';

/**
 * What the context of a handler gives for judging who asks: where a credential may be, what shows where the request came
 * from, and who sent it. What judges takes a carrier and never a framework's request, so that a context of another kind
 * needs a carrier of its own and nothing else.
 *
 * Each member is read when it is first asked for; what it takes a parse to read is kept. Headers are as they came, and
 * nothing of it is verified.
 */
export abstract class Carrier {
  /** The request as handlers have it. Whom a guard has found is put on its `user`, where Nest developers look for it. */
  abstract readonly request: { user?: unknown };

  /** Whoever gets the same request shares this object, whatever wraps it; what was found of it is noted there. */
  abstract readonly notes: object;

  /** The method, and the original one where a middleware rewrote it; `''` for a context without, which counts as unsafe. */
  abstract readonly methods: readonly string[];

  /** Whether the request opens a WebSocket: `Upgrade: websocket`, or extended CONNECT (RFC 6455 §4.1, RFC 8441 §4). */
  abstract readonly handshake: boolean;

  /** Whether the socket itself is encrypted; `X-Forwarded-*` is never read. */
  abstract readonly encrypted: boolean;

  /** The CSRF token in a form, as Django finds it; `undefined` if there is none, or an empty one. */
  abstract readonly formToken: string | undefined;

  /** What events, and the session's row, say of the request. */
  abstract readonly info: RequestInfo;

  /** The values of `Authorization`; more than one if the header came several times. */
  abstract readonly authorization: readonly string[];

  /** The names of all cookies that came. */
  abstract readonly cookieNames: readonly string[];

  /** The values of a cookie, each once, in the order in which they came; empty ones are left out. */
  abstract cookies(name: string): readonly string[];

  /**
   * A header as one string; `undefined` if it did not come.
   *
   * @param name - in lower case
   */
  abstract header(name: string): string | undefined;

  /** `Host`. */
  get host(): string | undefined {
    return this.header('host') ?? this.header(':authority');
  }

  get origin(): string | undefined {
    return this.header('origin');
  }

  get referer(): string | undefined {
    return this.header('referer');
  }

  /** `Sec-Fetch-Site` (Fetch Metadata). */
  get site(): string | undefined {
    return this.header('sec-fetch-site');
  }
}
