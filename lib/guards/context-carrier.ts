import type { ExecutionContext } from '@nestjs/common';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import type { AnyReply } from '../http/raw-reply.js';
import type { Carrier } from '../http/carrier.js';
import { carrierOf } from '../http/http-carrier.js';
import type { AnyRequest } from '../http/raw-request.js';

/**
 * What a context gives for judging who asks: of a route, or of a GraphQL operation, whose context holds the HTTP request as
 * `req` (Apollo) or in `reply.request` (Mercurius).
 *
 * @throws JwtoConfigurationError for any other kind of context: what cannot be judged is not let through
 */
export function carrierIn(context: ExecutionContext): Carrier {
  const request = findRequest(context);
  if (request !== undefined) return carrierOf(request);
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

/** The reply that a context answers by; `undefined` where it is not the handler's to answer. */
export function replyIn(context: ExecutionContext): AnyReply | undefined {
  return context.getType() === 'http' ? context.getArgByIndex<AnyReply>(1) : undefined;
}

function findRequest(context: ExecutionContext): AnyRequest | undefined {
  const kind: string = context.getType();
  // As `switchToHttp()` does it, without the three functions that Nest makes for each call.
  if (kind === 'http') return context.getArgByIndex<AnyRequest>(0);
  if (kind !== 'graphql') return undefined;
  const graphql = context.getArgByIndex<{ req?: AnyRequest; reply?: { request?: AnyRequest } } | undefined>(2);
  const request = graphql?.req ?? graphql?.reply?.request;
  return isRequest(request) ? request : undefined;
}

/** graphql-ws puts a context of its own where Apollo puts the request. */
function isRequest(request: unknown): request is AnyRequest {
  const { raw, headers } = (request ?? {}) as { raw?: { headers?: unknown }; headers?: unknown };
  return typeof (raw?.headers ?? headers) === 'object';
}
