// Guards called as Nest calls them, without a socket.
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { cpu } from './measure.mjs';

class Controller {
  handle() {}
}
const rawReply = { setHeader() {} };
const REPLIES = { express: rawReply, fastify: { raw: rawReply, header() {} } };

/** A request as an adapter hands it over: Express gives Node's own, Fastify one around it. */
const SHAPES = {
  express: (raw) => raw,
  fastify: (raw) => ({ raw, headers: raw.headers, method: raw.method, url: raw.url }),
};

function rawRequest(authorization) {
  const headers = { host: 'localhost', 'user-agent': 'bench', accept: '*/*' };
  const rawHeaders = ['Host', 'localhost', 'User-Agent', 'bench', 'Accept', '*/*'];
  if (authorization !== undefined) {
    headers.authorization = authorization;
    rawHeaders.push('Authorization', authorization);
  }
  return { headers, rawHeaders, method: 'GET', url: '/orders', socket: {} };
}

/** What a guard is asked for a request with this header. */
export function contextOf(authorization, shape = 'express') {
  const context = new ExecutionContextHost(
    [SHAPES[shape](rawRequest(authorization)), REPLIES[shape]],
    Controller,
    Controller.prototype.handle,
  );
  context.setType('http');
  return context;
}

/** 200, or the status of the refusal. */
export async function statusOf(guard, authorization, shape) {
  try {
    return (await guard.canActivate(contextOf(authorization, shape))) ? 200 : 403;
  } catch (error) {
    if (error.getStatus === undefined) throw error;
    return error.getStatus();
  }
}

/**
 * Microseconds of CPU for one call, over `count` calls that begin at token `from`.
 *
 * @param values - {@link HeaderValues}
 * @param order - which token is whose turn; the tokens' own order if it is left out
 */
export async function callCost(guard, values, { from = 0, count, order, shape }) {
  const before = cpu();
  for (let call = from; call < from + count; call++) {
    const index = order === undefined ? call : order[call % order.length];
    const allowed = guard.canActivate(contextOf(values.at(index), shape));
    // As Nest does: only what is no boolean is waited for.
    if (allowed !== true && !(await allowed)) throw new Error('a good token was refused');
  }
  return { cpu: (cpu() - before) / count };
}

/** Fails unless a guard lets the good token in and no other. */
export async function assertGuards(name, guard, { good, forged, revoked }, shape) {
  const wanted = { good: [good, 200], forged: [forged, 401], missing: [undefined, 401] };
  if (revoked !== undefined) wanted.revoked = [revoked, 401];
  for (const [what, [token, status]] of Object.entries(wanted)) {
    const got = await statusOf(guard, token && `Bearer ${token}`, shape);
    if (got !== status) throw new Error(`${name}: a ${what} token gave ${got}, not ${status}`);
  }
}
