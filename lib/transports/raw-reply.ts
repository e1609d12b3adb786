import type { ServerResponse } from 'node:http';

/** A reply of Express, of Fastify, or of Node itself. */
export type AnyReply = ServerResponse | FastifyReplyLike;

/** What is used of Fastify's reply. */
export interface FastifyReplyLike {
  readonly raw: ServerResponse;
  header(name: string, value: string | readonly string[]): unknown;
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
