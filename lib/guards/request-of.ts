import type { ExecutionContext } from '@nestjs/common';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import type { AnyReply } from '../http/raw-reply.js';
import type { AnyRequest } from '../http/raw-request.js';

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
  const pair = findPair(context);
  if (pair !== undefined) return pair;
  const kind: string = context.getType();
  if (kind === 'graphql') {
    throw new JwtoConfigurationError(
      'the GraphQL context has no HTTP request: set `context: ({ req, extra }) => ({ req: req ?? extra.request })`, where ' +
        '`extra.request` is the request that opened a graphql-ws connection',
    );
  }
  throw new JwtoConfigurationError(
    `the guards of jwto do not know the context "${kind}"; they guard HTTP routes and GraphQL operations`,
  );
}

function findPair(context: ExecutionContext): HttpPair | undefined {
  const kind: string = context.getType();
  if (kind === 'http') {
    // As `switchToHttp()` does it, without the three functions that Nest makes for each call.
    return { request: context.getArgByIndex<AnyRequest>(0), reply: context.getArgByIndex<AnyReply>(1) };
  }
  if (kind !== 'graphql') return undefined;
  const graphql = context.getArgByIndex<{ req?: AnyRequest; reply?: { request?: AnyRequest } } | undefined>(2);
  const request = graphql?.req ?? graphql?.reply?.request;
  return isRequest(request) ? { request, reply: undefined } : undefined;
}

/** graphql-ws puts a context of its own where Apollo puts the request. */
function isRequest(request: unknown): request is AnyRequest {
  const { raw, headers } = (request ?? {}) as { raw?: { headers?: unknown }; headers?: unknown };
  return typeof (raw?.headers ?? headers) === 'object';
}
