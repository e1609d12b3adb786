import type { HttpAdapterHost } from '@nestjs/core';
import { JwtoError } from '../errors/jwto-error.js';
import { setHeader, type AnyReply } from '../http/raw-reply.js';
import { carrierOf } from '../http/http-carrier.js';
import type { AnyRequest } from '../http/raw-request.js';
import type { Refusals } from '../credentials/refusal.js';
import type { Answer } from './answers.js';
import { csrf } from './csrf.js';
import type { EndpointParts, Exchange } from './exchange.js';
import { keySet } from './key-set.js';
import { login } from './login.js';
import { deleteTokens, logout } from './logout.js';
import { refresh } from './refresh.js';
import { bodyOf } from '../http/request-body.js';
import { listSessions, revokeOtherSessions, revokeSession } from './sessions.js';
import { validate } from './validate.js';

/** What each route of the controller does. */
const ACTIONS = {
  login,
  validateAccess: (parts: EndpointParts, exchange: Exchange) => validate(parts, exchange, 'access'),
  validateRefresh: (parts: EndpointParts, exchange: Exchange) => validate(parts, exchange, 'refresh'),
  refreshAccess: (parts: EndpointParts, exchange: Exchange) => refresh(parts, exchange, 'access'),
  updateRefresh: (parts: EndpointParts, exchange: Exchange) => refresh(parts, exchange, 'refresh'),
  logout,
  deleteTokens,
  csrf,
  listSessions,
  revokeSession,
  revokeOtherSessions,
  keySet,
} satisfies Record<string, (parts: EndpointParts, exchange: Exchange) => Answer | Promise<Answer>>;

/** A route of the controller. */
export type ActionName = keyof typeof ACTIONS;

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

  async answer(action: ActionName, request: AnyRequest, reply: AnyReply): Promise<void> {
    setHeader(reply, 'Cache-Control', 'no-store');
    try {
      const carrier = carrierOf(request);
      const exchange: Exchange = {
        request,
        carrier,
        reply,
        info: carrier.info,
        get body() {
          return bodyOf(request);
        },
      };
      const { status, body, cacheControl } = await ACTIONS[action](this.parts, exchange);
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
