import type { IncomingMessage, ServerResponse } from 'node:http';
import { rawOf, type AnyRequest } from './raw-request.js';

/** A reply of Express, of Fastify, or of Node itself. */
export type AnyReply = ServerResponse | FastifyReplyLike;

/** What is used of Fastify's reply. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  header(name: string, value: string | readonly string[]): unknown;
}

/** Replies by request, where the framework does not lead from one to the other, as Express does by `request.res`. */
const REPLIES = new WeakMap<IncomingMessage, AnyReply>();

/** Notes the reply to a request, for code that gets the request alone: Passport's strategies. */
export function noteReply(raw: IncomingMessage, reply: AnyReply): void {
  REPLIES.set(raw, reply);
}

/** The reply to a request, if it is known. */
export function replyTo(request: AnyRequest): AnyReply | undefined {
  return (request as { res?: ServerResponse }).res ?? REPLIES.get(rawOf(request));
}

/** Sets a header. */
export function setHeader(reply: AnyReply, name: string, value: string): void {
  if ('raw' in reply) reply.header(name, value);
  else reply.setHeader(name, value);
}

/** Adds cookies to those that the reply has already. */
export function appendCookies(reply: AnyReply, cookies: readonly string[]): void {
  if (cookies.length === 0) return;
  // Fastify adds to an earlier Set-Cookie by itself.
  if ('raw' in reply) reply.header('set-cookie', cookies);
  else reply.setHeader('set-cookie', [...[reply.getHeader('set-cookie') ?? []].flat().map(String), ...cookies]);
}
