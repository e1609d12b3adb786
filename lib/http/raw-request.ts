import type { IncomingMessage } from 'node:http';
import type { Http2ServerRequest } from 'node:http2';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { RequestInfo } from '../events/jwto-event.js';

/** A request of Express, of Fastify, or of Node itself. */
export type AnyRequest = IncomingMessage | { readonly raw: IncomingMessage; readonly ip?: string };

/** Node's own request inside the framework's. */
export function rawOf(request: AnyRequest): IncomingMessage {
  return 'raw' in request ? request.raw : request;
}

/** The path as it came in, before a router cut anything off, without its query. */
export function pathOf(request: AnyRequest): string {
  const raw = rawOf(request) as IncomingMessage & { originalUrl?: string };
  return pathOfTarget(raw.originalUrl ?? raw.url ?? '/');
}

/** The path in a request target; a server must take the absolute form too (RFC 9112 §3.2.2). */
export function pathOfTarget(target: string): string {
  // The usual form, which every request of the application has.
  const query = target.indexOf('?');
  if (target.startsWith('/') && !target.includes('#')) return query === -1 ? target : target.slice(0, query);
  const path = target.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/?#]*/i, '').split(/[?#]/, 1)[0];
  return path === undefined || path === '' ? '/' : path;
}

/** Whether the socket itself is TLS; a proxy's word for it is not taken. */
export function isEncrypted(request: AnyRequest): boolean {
  return (rawOf(request).socket as Partial<TLSSocket> | undefined)?.encrypted === true;
}

/** Whether the client has closed the connection, or in HTTP/2 the stream: nobody would get an answer. */
export function hasLeft(request: AnyRequest): boolean {
  const { stream, socket } = rawOf(request) as Partial<Pick<Http2ServerRequest, 'stream'>> & { socket?: Socket };
  return (stream ?? socket)?.destroyed === true;
}

/**
 * All the values of a header, each as it came; Node's `headers` keep the first of two `Authorization` headers only.
 *
 * @param name - in lower case
 */
export function headerValues(request: AnyRequest, name: string): readonly string[] {
  const { rawHeaders, headers } = rawOf(request) as Pick<IncomingMessage, 'headers'> & { rawHeaders?: string[] };
  // What Node has parsed anyway tells in most cases that there is none; `headersDistinct` would parse them all again.
  const parsed = headers[name];
  if (parsed === undefined || rawHeaders === undefined) return [parsed ?? []].flat();
  const values: string[] = [];
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const field = rawHeaders[index] ?? '';
    if (field.length === name.length && field.toLowerCase() === name) values.push(rawHeaders[index + 1] ?? '');
  }
  // A test's `inject`, or a middleware that sets a header, writes `headers` alone.
  return values.length === 0 ? [parsed].flat() : values;
}

/**
 * Removes the white space of HTTP around a text: space and tab, and nothing else (RFC 9110 §5.6.3, RFC 6265bis §5.6).
 * `String.trim` removes U+00A0 and its like too, and so makes another name of a name.
 */
export function trimWhiteSpace(text: string): string {
  let [start, end] = [0, text.length];
  while (start < end && isWhiteSpace(text.charCodeAt(start))) start += 1;
  while (end > start && isWhiteSpace(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isWhiteSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** A header as one text, or `undefined`. */
export function headerOf(request: AnyRequest, name: string): string | undefined {
  const values = headerValues(request, name);
  return values.length === 0 ? undefined : values.join(', ');
}

/**
 * What events, and the session's row, tell of a request.
 *
 * @example
 * ```ts
 * const tokens = await this.tokens.issue(user, { request: requestInfo(request) });
 * ```
 */
export function requestInfo(request: AnyRequest): RequestInfo {
  const raw = rawOf(request);
  const { ip } = request as { ip?: string };
  return Object.freeze({
    method: raw.method ?? '',
    path: pathOf(request),
    // A request that was made without a connection (`inject`, serverless) has no socket, whatever the type says.
    ip: ip ?? (raw.socket as Socket | undefined)?.remoteAddress ?? null,
    userAgent: userAgentOf(request),
  });
}

function userAgentOf(request: AnyRequest): string | null {
  const text = headerOf(request, 'user-agent')
    ?.replace(/\p{Cc}/gu, '')
    .slice(0, 256);
  return text === undefined || text === '' ? null : text;
}
