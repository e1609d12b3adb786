import type { IncomingMessage } from 'node:http';
import type { RequestInfo } from '../events/jwto-event.js';
import { Carrier } from './carrier.js';
import { CookieHeader } from './cookie-header.js';
import { formToken } from './form-token.js';
import { headerValues, isEncrypted, rawOf, requestInfo, trimWhiteSpace, type AnyRequest } from './raw-request.js';

/** A property of Node's request, under which its carrier is kept. */
const CARRIER = Symbol('jwto.carrier');

/**
 * The carrier of an HTTP request: made at the first call for it, and the same at each further one.
 *
 * @param request - Express', Fastify's or Node's own; what the framework adds to Node's, such as `ip`, is read from this one
 *
 * @example
 * ```ts
 * // In a subclass of JwtoGuard, for a context that holds its request in a place of its own:
 * protected override getCarrier(context: ExecutionContext): Carrier {
 *   return carrierOf(context.getArgByIndex<Session>(0).request);
 * }
 * ```
 */
export function carrierOf(request: AnyRequest): Carrier {
  const raw = rawOf(request) as IncomingMessage & { [CARRIER]?: HttpCarrier };
  const known = raw[CARRIER];
  return known?.request === request ? known : (raw[CARRIER] = new HttpCarrier(request, raw, known?.notes));
}

/** What was read of a header, and the text that it was read from: a middleware may set a header that did not come. */
interface Kept<Value> {
  readonly from: unknown;
  readonly value: Value;
}

class HttpCarrier extends Carrier {
  override readonly notes: object;
  /** As {@link Kept}, without an object of its own: most requests ask for nothing else. */
  private bearer: readonly string[] | undefined;
  private bearerFrom: string | undefined;
  private jar: Kept<CookieHeader> | undefined;
  private headers: Map<string, Kept<string | undefined>> | undefined;
  private ownInfo: RequestInfo | undefined;

  constructor(
    override readonly request: AnyRequest & { user?: unknown },
    private readonly raw: IncomingMessage,
    notes: object | undefined,
  ) {
    super();
    this.notes = notes ?? this;
  }

  get methods(): readonly string[] {
    const { method = '' } = this.raw;
    const { originalMethod } = this.request as { originalMethod?: string };
    return originalMethod === undefined ? [method] : [method, originalMethod];
  }

  /** The protocols of `Upgrade` compare without regard to case (RFC 9110 §7.8). */
  get handshake(): boolean {
    const protocol = this.header(this.raw.method === 'CONNECT' ? ':protocol' : 'upgrade');
    return protocol?.split(',').some((name) => /^websocket(?:\/.*)?$/i.test(trimWhiteSpace(name))) ?? false;
  }

  get encrypted(): boolean {
    return isEncrypted(this.request);
  }

  get formToken(): string | undefined {
    return formToken(this.request);
  }

  get info(): RequestInfo {
    return (this.ownInfo ??= requestInfo(this.request));
  }

  get authorization(): readonly string[] {
    const from = this.raw.headers.authorization;
    if (this.bearer === undefined || this.bearerFrom !== from) {
      this.bearerFrom = from;
      this.bearer = headerValues(this.request, 'authorization');
    }
    return this.bearer;
  }

  get cookieNames(): readonly string[] {
    return this.cookieHeader.names;
  }

  cookies(name: string): readonly string[] {
    return this.cookieHeader.get(name);
  }

  header(name: string): string | undefined {
    const from = this.raw.headers[name];
    if (from === undefined) return undefined;
    let kept = this.headers?.get(name);
    if (kept?.from !== from) {
      const values = headerValues(this.request, name);
      kept = { from, value: values.length === 0 ? undefined : values.join(', ') };
      (this.headers ??= new Map()).set(name, kept);
    }
    return kept.value;
  }

  private get cookieHeader(): CookieHeader {
    const from = this.raw.headers.cookie;
    if (this.jar === undefined || this.jar.from !== from) {
      this.jar = { from, value: new CookieHeader(headerValues(this.request, 'cookie')) };
    }
    return this.jar.value;
  }
}
