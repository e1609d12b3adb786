import type { IncomingMessage, ServerResponse } from 'node:http';
import type { IssuedTokens } from '../tokens/issued-tokens.js';
import type { IssueOptions } from './token-service-options.js';

/** A request of Express, of Fastify, or of Node itself. */
export type SignInRequest = IncomingMessage | { readonly raw: IncomingMessage; readonly ip?: string };

/** The reply to it. */
export type SignInReply =
  ServerResponse | { readonly raw: ServerResponse; header(name: string, value: string | readonly string[]): unknown };

/** Opens the session with what the request adds to the options of `TokenService.issue`. */
export type IssueFor = (more: IssueOptions) => Promise<IssuedTokens>;

/** A sign-in by the application's own route. The rooms above know requests and replies. */
export abstract class OwnSignIn {
  /** @throws JwtoError `csrf_origin`, and as `TokenService.issue` */
  abstract signIn(
    request: SignInRequest,
    reply: SignInReply,
    options: Pick<IssueOptions, 'mode' | 'like'>,
    issue: IssueFor,
  ): Promise<IssuedTokens>;
}
