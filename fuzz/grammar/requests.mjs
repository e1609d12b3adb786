import { Buffer } from 'node:buffer';
import { latin1 } from './any-token.mjs';
import { anyBody } from './bodies.mjs';
import { authorization, cookies, furtherHeaders, provenance } from './headers.mjs';

/**
 * Whole requests, as what goes over the socket.
 *
 * @typedef {object} FuzzRequest
 * @property {string} method
 * @property {string} target
 * @property {[string, string][]} headers - without those that describe the length
 * @property {Buffer} body
 * @property {'length' | 'chunked' | 'none' | 'long' | 'short' | 'both' | 'broken'} framing - how its length is told
 */

/** The library's endpoints and the application's guarded routes. */
export const ROUTES = [
  ['POST', '/login/'],
  ['POST', '/validate_access/'],
  ['POST', '/api/token/refresh/validate_refresh/'],
  ['POST', '/api/token/refresh/refresh_access/'],
  ['POST', '/api/token/refresh/update_refresh/'],
  ['POST', '/api/token/refresh/logout/'],
  ['DELETE', '/api/token/refresh/logout/'],
  ['GET', '/csrf/'],
  ['GET', '/sessions/'],
  ['POST', '/sessions/revoke/'],
  ['POST', '/sessions/revoke_others/'],
  ['GET', '/.well-known/jwks.json'],
  ['GET', '/testapp/protect'],
  ['POST', '/testapp/protect'],
  ['GET', '/testapp/perms_protect'],
  ['GET', '/testapp/claims'],
];
const METHODS = [
  'GET',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'HEAD',
  'TRACE',
  'PROPFIND',
  'post',
  'FOO',
  'CONNECT',
  'M-SEARCH',
];

/** A request, made by the grammar alone. */
export function anyRequest(random, target) {
  if (random.chance(0.15)) return usualRequest(random, target);
  const [method, path] = random.chance(0.3) ? random.pick(ROUTES.slice(0, 7)) : random.pick(ROUTES);
  const request = {
    method: random.chance(0.92) ? method : random.pick(METHODS),
    target: random.chance(0.75) ? path : oddTarget(random, path, target.host),
    headers: [['Host', random.chance(0.95) ? target.host : random.pick(HOSTS)]],
    body: Buffer.alloc(0),
    framing: 'none',
  };
  if (random.chance(0.45)) request.headers.push(...authorization(random, target));
  if (random.chance(0.6)) request.headers.push(...cookies(random, target));
  if (random.chance(0.7)) request.headers.push(...provenance(random, target));
  request.headers.push(...furtherHeaders(random));
  if (method !== 'GET' && random.chance(method === 'POST' && path === '/login/' ? 0.98 : 0.5)) addBody(random, request);
  return request;
}

/** What a client of ours sends: what lies behind all checks is reached by it, and by what it is crossed with. */
function usualRequest(random, { host, tokens, cookies: sessions }) {
  const [method, path] = random.pick(ROUTES);
  const headers = [['Host', host]];
  if (random.chance(0.5)) {
    const { access, refresh } = random.pick(tokens);
    headers.push(['Authorization', `Bearer ${path.startsWith('/api/') ? refresh : access}`]);
  } else {
    const session = random.pick(sessions);
    const text = Object.entries(session).map(([name, value]) => `${name}=${value}`);
    headers.push(['Cookie', text.join('; ')], ['Origin', `http://${host}`], ['X-CSRFToken', session.csrftoken ?? 'x']);
  }
  if (path !== '/login/') return { method, target: path, headers, body: Buffer.alloc(0), framing: 'none' };
  const login = { username: 'alice', password: random.pick(['pass', 'wrong']), mode: 'JSON' };
  const body = Buffer.from(JSON.stringify(login));
  const named = [...headers.slice(0, 1), ['Content-Type', 'application/json']];
  return { method, target: path, headers: named, body, framing: 'length' };
}

const HOSTS = [
  '',
  'evil.example',
  'localhost',
  '127.0.0.1',
  '[::1]',
  'a b',
  'a,b',
  'x'.repeat(300),
  'é',
  '127.0.0.1:99999',
  '@',
  'a/b',
];

function addBody(random, request) {
  const { bytes, headers } = anyBody(random);
  request.headers.push(...headers.map(([name, value]) => [name, latin1(value)]));
  request.body = bytes;
  request.framing = random.chance(0.85)
    ? 'length'
    : random.pick(['chunked', 'chunked', 'long', 'short', 'both', 'broken', 'none']);
}

function oddTarget(random, path, host) {
  const bare = path.replace(/\/$/, '');
  const letter = bare.search(/[a-z]/);
  const encoded = `${bare.slice(0, letter)}%${bare.charCodeAt(letter).toString(16)}${bare.slice(letter + 1)}`;
  return random.pick([
    bare,
    `${bare}/`,
    `${bare}//`,
    `/${path}`,
    encoded,
    encoded.toUpperCase(),
    bare.replaceAll('/', '%2F').replace('%2F', '/'),
    `${bare}%2f`,
    `${bare}%00`,
    `${bare}%`,
    `${bare}%zz`,
    `${bare}%ff`,
    `/x/..${bare}`,
    `/.${bare}`,
    `${bare}/..`,
    `${bare}/%2e%2e/login/`,
    `${bare};a=b`,
    `${path}?`,
    `${path}?a=b&access_token=x&jwt_type=access`,
    `${path}?__proto__[a]=1&a[b]=c&${'x=1&'.repeat(500)}`,
    `${path}?%`,
    `${path}#x`,
    `http://${host}${path}`,
    `http://evil.example${path}`,
    `https://${host}${path}?x`,
    bare.toUpperCase(),
    bare.replaceAll('/', '\\'),
    bare.slice(1),
    `${bare}/${'a/'.repeat(2000)}`,
    `${bare}\u00ff`,
    `${bare}\u0001`,
    '*',
    '/',
    '//',
    '',
    `${bare} x`,
    `/__proto__${bare}`,
    '/constructor/',
  ]);
}

/** A request out of two that showed something new: parts of each, and a part made anew. */
export function crossRequests(random, first, second, target) {
  const fresh = anyRequest(random, target);
  const take = (part) => random.pick([first, first, second, fresh])[part];
  const withBody = random.pick([first, second, fresh]);
  const named = /^(authorization|cookie|origin|referer|sec-fetch-site|x-csrftoken)$/i;
  const described = withBody.headers.filter(([name]) => /^content-/i.test(name));
  const base = random.pick([first, second]);
  const others = random.pick([second, fresh]);
  return {
    method: take('method'),
    target: take('target'),
    headers: [
      ...base.headers.filter(([name]) => !/^content-/i.test(name) && (random.chance(0.8) || /^host$/i.test(name))),
      ...others.headers.filter(([name]) => named.test(name) && random.chance(0.4)),
      ...described,
    ],
    body: withBody.body,
    framing: withBody.framing,
  };
}

/** Whether its length is told rightly, so that an answer is due. */
export function isComplete({ method, target, framing }) {
  return (
    ['length', 'chunked', 'none', 'short'].includes(framing) &&
    method !== 'CONNECT' &&
    ![...target].some((letter) => letter <= ' ' || letter === '\u00a0')
  );
}

/** The bytes of a request; the last one of a socket closes it. */
export function bytesOf({ method, target, headers, body, framing }, isLast = true) {
  const lines = [`${method} ${target} HTTP/1.1`, ...headers.map(([name, value]) => `${name}: ${value}`)];
  if (isLast) lines.push('Connection: close');
  const told = { length: body.length, long: body.length + 10, short: Math.floor(body.length / 2), both: body.length }[
    framing
  ];
  if (told !== undefined) lines.push(`Content-Length: ${told}`);
  const isChunked = ['chunked', 'both', 'broken'].includes(framing);
  if (isChunked) lines.push('Transfer-Encoding: chunked');
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  if (framing === 'none') return head;
  return Buffer.concat([head, isChunked ? chunks(body, framing === 'broken') : body]);
}

function chunks(body, broken) {
  const parts = [];
  for (let at = 0; at < body.length; at += 5000) {
    const part = body.subarray(at, at + 5000);
    parts.push(Buffer.from(`${part.length.toString(16)}\r\n`), part, Buffer.from('\r\n'));
  }
  return Buffer.concat([...parts, Buffer.from(broken ? 'zz\r\n\r\n' : '0\r\n\r\n')]);
}
