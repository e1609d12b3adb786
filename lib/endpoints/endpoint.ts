import type { Type } from '@nestjs/common';
import { JwtoError } from '../errors/jwto-error.js';
import { bodyOf, type RequestBody } from '../http/request-body.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { Answer } from './answers.js';
import type { EndpointParts, Exchange } from './exchange.js';

/** Where an endpoint lies, and what an OpenAPI document says of it. */
interface EndpointPlace {
  /** The handler's name; an OpenAPI document has it as `JwtoController_<name>`. */
  readonly name: string;
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Whether the path lies below `refreshPath`, where browsers send the refresh cookie. @defaultValue `false` */
  readonly belowRefreshPath?: boolean;
  /** A segment behind the path that the settings give. @defaultValue none */
  readonly verb?: string;
  /** The class of the body. @defaultValue none */
  readonly bodyType?: Type;
  /** The status of a success. @defaultValue 200 */
  readonly successStatus?: (options: ResolvedOptions) => number;
}

/** An endpoint as {@link ENDPOINTS} has it. */
export interface Endpoint extends EndpointPlace {
  /** @throws JwtoError for every refusal */
  run(parts: EndpointParts, exchange: Exchange): Promise<Answer>;
}

/** What an endpoint consists of: inputs that do not depend on names of the wire, an action, and its outcome. */
interface EndpointDefinition<Inputs, Outcome> extends EndpointPlace {
  /** Reads from the body what the action needs. Without it the body is not read. @throws JwtoError `request_invalid` and others */
  readonly inputs?: (body: RequestBody, options: ResolvedOptions) => Inputs;
  readonly action: (parts: EndpointParts, exchange: Exchange, inputs: Inputs) => Outcome | Promise<Outcome>;
  /** What a client sees of the outcome. */
  readonly answer: (outcome: Outcome) => Answer;
  /** Called before a refusal is answered. */
  readonly onRefusal?: (error: JwtoError, parts: EndpointParts, exchange: Exchange) => void;
}

/**
 * Makes an endpoint, which {@link ENDPOINTS} then lists.
 *
 * @example
 * ```ts
 * export const whoAmI = defineEndpoint({
 *   name: 'whoAmI',
 *   method: 'GET',
 *   action: async ({ authenticator }, { carrier }) => (await authenticator.authenticate(carrier, 'access')).claims.user,
 *   answer: ({ username }) => ({ status: 200, body: { username } }),
 * });
 * ```
 */
export function defineEndpoint<Inputs, Outcome>(definition: EndpointDefinition<Inputs, Outcome>): Endpoint {
  const { inputs, action, answer, onRefusal, ...place } = definition;
  return {
    ...place,
    async run(parts, exchange) {
      try {
        const read = inputs?.(bodyOf(exchange.request), parts.options) as Inputs;
        return answer(await action(parts, exchange, read));
      } catch (error) {
        if (error instanceof JwtoError) onRefusal?.(error, parts, exchange);
        throw error;
      }
    },
  };
}
