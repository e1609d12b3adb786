import type { HttpAdapterHost } from '@nestjs/core';
import { JwtoError } from '../errors/jwto-error.js';
import { setHeader, type AnyReply } from '../http/raw-reply.js';
import { carrierOf } from '../http/http-carrier.js';
import type { AnyRequest } from '../http/raw-request.js';
import type { Refusals } from '../credentials/refusal.js';
import type { Endpoint } from './endpoint.js';
import type { EndpointParts } from './exchange.js';

/**
 * Runs the endpoints and answers them itself, successes and refusals: pipes, interceptors and filters of the
 * application do not change the wire contract. `errorMapper` does.
 */
export class Endpoints {
  constructor(
    private readonly parts: EndpointParts,
    private readonly refusals: Refusals,
    private readonly adapterHost: HttpAdapterHost,
  ) {}

  /** Answers a request to an endpoint. Only what is not a {@link JwtoError} is thrown. */
  async answer(endpoint: Endpoint, request: AnyRequest, reply: AnyReply): Promise<void> {
    setHeader(reply, 'Cache-Control', 'no-store');
    try {
      const carrier = carrierOf(request);
      const exchange = { request, carrier, reply, info: carrier.info };
      const { status, body, cacheControl } = await endpoint.run(this.parts, exchange);
      if (cacheControl !== undefined) setHeader(reply, 'Cache-Control', cacheControl);
      this.send(reply, status, body);
    } catch (error) {
      if (!(error instanceof JwtoError)) throw error;
      this.refusals.setHeaders(reply, error);
      const { status, body } = this.refusals.form(error);
      this.send(reply, status, body);
    }
  }

  private send(reply: AnyReply, status: number, body: unknown): void {
    this.adapterHost.httpAdapter.reply(reply, body, status);
  }
}
