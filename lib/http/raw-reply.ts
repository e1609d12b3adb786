import type { IncomingMessage, ServerResponse } from 'node:http';
import { rawOf, type AnyRequest } from './raw-request.js';

/** A reply of Express, of Fastify, or of Node itself. */
export type AnyReply = ServerResponse | FastifyReplyLike;

/** What is used of Fastify's reply. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  header(name: string, value: string | readonly string[]): unknown;
}

/** Where the framework does not lead from a request to its reply, as Express does by `request.res`. */
const REPLY = Symbol('jwto.reply');

interface Answered {
  [REPLY]?: AnyReply;
}

/** Notes the reply to a request, for code that gets the request alone: Passport's strategies. */
export function noteReply(raw: IncomingMessage, reply: AnyReply): void {
  (raw as Answered)[REPLY] = reply;
}

/** The reply to a request, if it is known. */
export function replyTo(request: AnyRequest): AnyReply | undefined {
  return (request as { res?: ServerResponse }).res ?? (rawOf(request) as Answered)[REPLY];
}

/** Sets a header. */
export function setHeader(reply: AnyReply, name: string, value: string): void {
  if ('raw' in reply) reply.header(name, value);
  else reply.setHeader(name, value);
}

/** Replies with headers that wait for a status. */
const WAITING = new WeakSet<ServerResponse>();

/**
 * Sets headers at the last moment, if the reply has this status by then: what comes after a guard of Passport may decide
 * otherwise. Of several that wait the first are set, and none in the place of the application's own.
 */
export function setHeadersAt(reply: AnyReply, status: number, headers: ReadonlyMap<string, string>): void {
  const raw = 'raw' in reply ? reply.raw : reply;
  if (WAITING.has(raw)) return;
  WAITING.add(raw);
  const writeHead = raw.writeHead.bind(raw) as (code: number, ...rest: unknown[]) => ServerResponse;
  raw.writeHead = (code: number, ...rest: unknown[]) => {
    if (code === status) {
      for (const [name, value] of headers) if (!raw.hasHeader(name)) raw.setHeader(name, value);
    }
    return writeHead(code, ...rest);
  };
}

/** Adds cookies to those that the reply has already. */
export function appendCookies(reply: AnyReply, cookies: readonly string[]): void {
  if (cookies.length === 0) return;
  // Fastify adds to an earlier Set-Cookie by itself.
  if ('raw' in reply) reply.header('set-cookie', cookies);
  else reply.setHeader('set-cookie', [...[reply.getHeader('set-cookie') ?? []].flat().map(String), ...cookies]);
}
