import type { ExecutionContext } from '@nestjs/common';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import type { AnyReply } from '../transports/raw-reply.js';
import type { AnyRequest } from '../transports/raw-request.js';

/** A request, and where there is one, the reply to it. */
export interface HttpPair {
  readonly request: AnyRequest;
  readonly reply: AnyReply | undefined;
}

/**
 * The HTTP request behind a context: of a route, or of a GraphQL operation, whose context holds it as `req` (Apollo) or
 * in `reply.request` (Mercurius).
 *
 * @throws JwtoConfigurationError for any other kind of context: what cannot be judged is not let through
 */
export function requestOf(context: ExecutionContext): HttpPair {
  const kind: string = context.getType();
  if (kind === 'http') {
    // As `switchToHttp()` does it, without the three functions that Nest makes for each call.
    return { request: context.getArgByIndex<AnyRequest>(0), reply: context.getArgByIndex<AnyReply>(1) };
  }
  if (kind === 'graphql') {
    const graphql = context.getArgByIndex<{ req?: AnyRequest; reply?: { request?: AnyRequest } } | undefined>(2);
    const request = graphql?.req ?? graphql?.reply?.request;
    if (request !== undefined) return { request, reply: undefined };
    throw new JwtoConfigurationError('the GraphQL context has no request: set `context: ({ req }) => ({ req })`');
  }
  throw new JwtoConfigurationError(
    `the guards of jwto do not know the context "${kind}"; they guard HTTP routes and GraphQL operations`,
  );
}
