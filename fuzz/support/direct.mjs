import { Buffer } from 'node:buffer';
import { performance } from 'node:perf_hooks';
import { Readable } from 'node:stream';
import { sign } from '../grammar/any-token.mjs';
import { anyBody } from '../grammar/bodies.mjs';
import { authorization, cookies } from '../grammar/headers.mjs';
import { draftHeader, draftPayload, respell } from '../grammar/tokens.mjs';
import { cpu, isSlow } from './stopwatch.mjs';

const { JwtoError, verifyJws } = await import('../../dist/jws.js');
const { readBearer } = await import('../../dist/credentials/bearer.js');
const { cookieValues } = await import('../../dist/credentials/cookie-header.js');
const { bodyOf } = await import('../../dist/http/request-body.js');
const { takeBody } = await import('../../dist/http/take-body.js');

/** The parsers themselves, called without a socket: a hundred times as many inputs in the same time. */
export const PARSERS = {
  token: (random, { secret, key }) => {
    const claims = { type: 'access', sid: 'a', exp: 2e9, iat: 1, sub: '1', user: { id: 1 } };
    let token = sign(draftHeader(random, 'HS256'), draftPayload(random, claims), secret);
    for (let count = random.below(3); count > 0; count--) token = respell(random, token);
    return { shown: token, call: () => verifyJws(token, key) };
  },
  header: (random, target) => {
    const request = requestOf(authorization(random, target));
    return { shown: request.rawHeaders, call: () => readBearer(request) };
  },
  cookie: (random, target) => {
    const request = requestOf(cookies(random, target));
    return { shown: request.rawHeaders, call: () => cookieValues(request, 'jwt_access') };
  },
  body: (random) => {
    const { bytes, headers } = anyBody(random);
    const request = () => Object.assign(Readable.from([bytes]), requestOf(headers), { complete: true });
    const call = async () => {
      const raw = request();
      await takeBody(raw);
      return bodyOf(raw);
    };
    return { shown: [headers, bytes.toString('latin1').slice(0, 300)], call };
  },
};

/** @returns what is wrong with how a parser took an input; `undefined` if nothing is */
export async function tryParser(name, random, target) {
  const { shown, call } = PARSERS[name](random, target);
  const times = [];
  do {
    const since = performance.now();
    const before = cpu();
    try {
      await call();
    } catch (error) {
      const isContract = error instanceof JwtoError && error.getStatus() >= 400 && error.getStatus() < 500;
      if (!isContract) return `${name}: ${error?.stack ?? error}\n  ${JSON.stringify(shown).slice(0, 2000)}`;
    }
    times.push({ took: performance.now() - since, used: cpu() - before });
  } while (times.length < 4 && times.every(isSlow));
  if (!times.every(isSlow)) return undefined;
  return `${name}: slow, ${times.map(({ used }) => Math.round(used)).join(', ')} ms\n  ${JSON.stringify(shown).slice(0, 2000)}`;
}

function requestOf(pairs) {
  const headers = {};
  for (const [name, value] of pairs) headers[name.toLowerCase()] ??= value;
  return { headers, rawHeaders: pairs.flat(), method: 'POST', url: '/login/', socket: {} };
}

/** A key for {@link PARSERS}' tokens. */
export function keyFor(secret) {
  return { algorithm: 'HS256', signingKey: Buffer.from(secret) };
}
