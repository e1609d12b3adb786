/** What a request shows of where it came from. The transports gather it; headers are as they came. */
export interface CsrfEvidence {
  /** The method, and the original one where a middleware rewrote it. */
  readonly methods: readonly string[];
  /** Whether the request opens a WebSocket: `Upgrade: websocket`, or extended CONNECT (RFC 6455 §4.1, RFC 8441 §4). */
  readonly handshake: boolean;
  /** `Host`. */
  readonly host: string | undefined;
  /** Whether the socket itself is encrypted; `X-Forwarded-*` is never read. */
  readonly encrypted: boolean;
  readonly origin: string | undefined;
  readonly referer: string | undefined;
  /** `Sec-Fetch-Site` (Fetch Metadata). */
  readonly site: string | undefined;
  /** `X-CSRFToken`. */
  readonly header: string | undefined;
  /** The form field `csrfmiddlewaretoken`, where the scheme is Django's. */
  readonly field: string | undefined;
  /** The values of the CSRF cookie; there are several where someone planted one. */
  readonly cookies: readonly string[];
  /** The name of that cookie, for messages. */
  readonly cookieName: string;
  /** What else may explain a refusal; gathered for hints only. */
  readonly clues: () => CsrfClues;
}

/** Names that came with a request and are nearly those that it should have had. */
export interface CsrfClues {
  /** Headers in which other libraries send such a token. */
  readonly headers: readonly string[];
  /** Cookies whose name ends as the CSRF cookie's. */
  readonly cookies: readonly string[];
}

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a request may change something (RFC 9110 §9.2.1). */
export function isUnsafe({ methods }: Pick<CsrfEvidence, 'methods'>): boolean {
  return methods.some((method) => !SAFE.has(method.toUpperCase()));
}

/**
 * Whether the request opens a WebSocket, which a browser cannot do with a header of ours, and over which anything may be
 * asked for later: its origin is all that can be checked.
 */
export function isHandshake({ handshake, methods }: Pick<CsrfEvidence, 'handshake' | 'methods'>): boolean {
  return handshake && methods.every((method) => method === 'CONNECT' || SAFE.has(method.toUpperCase()));
}

/** The token that was sent beside the cookie. A form field goes before the header, as in Django. */
export function sentToken({ field, header }: Pick<CsrfEvidence, 'field' | 'header'>): string {
  return field ?? header ?? '';
}
