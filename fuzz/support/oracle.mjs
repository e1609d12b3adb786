import { createHmac } from 'node:crypto';
import { ROUTES } from '../grammar/requests.mjs';
import { TOOK } from './stopwatch.mjs';
import { headerOf } from './wire.mjs';

/** What no answer may be, whatever was asked. */

/** The codes of the contract, with their status. */
const CODES = {
  request_invalid: 400,
  credentials_missing: 400,
  credentials_invalid: 401,
  login_throttled: 429,
  token_missing: 401,
  token_malformed: 401,
  token_invalid: 401,
  token_expired: 401,
  token_not_yet_valid: 401,
  token_wrong_type: 401,
  token_revoked: 401,
  token_reused: 401,
  user_inactive: 401,
  already_blacklisted: 409,
  session_not_found: 404,
  permission_denied: 403,
  csrf_origin: 403,
  csrf_missing: 403,
  csrf_mismatch: 403,
  token_too_large: 422,
};

/**
 * What is wrong with an answer.
 *
 * @returns {string[]} nothing, if all is well
 */
export function complaintsAbout(request, answer, { secret }) {
  const complaints = [];
  const { status, text } = answer;
  // Node refuses what is no HTTP before anybody is asked.
  const isByNode = headerOf(answer, TOOK) === undefined;
  const json = parse(text);
  if (!(status >= 200) || status >= 500) complaints.push(`status ${status}`);
  // 304 is Express's own answer to an If-None-Match.
  if (status >= 300 && status < 400 && status !== 304) complaints.push(`a redirect, ${status}`);
  if (status >= 400 && !isByNode) {
    if (json?.access !== undefined || json?.refresh !== undefined) complaints.push('a refusal with a token');
    const sets = answer.headers.some(([name]) => name === 'set-cookie');
    if (sets && !isLogout(request)) complaints.push('a refusal that sets a cookie');
    if (request.method !== 'HEAD') complaints.push(...formOf(request, status, json));
  }
  if (status >= 400 && isOurs(request) && /\bat .*\.js:\d|node_modules|Error:|SQLITE|SELECT /.test(text)) {
    complaints.push('tells of its inside');
  }
  if (isGuarded(request) && status < 300 && !hasGoodSignature(request, secret))
    complaints.push('a forged token got in');
  return complaints;
}

/** What an answer's behaviour is: anything new of it is worth keeping the request. */
export function behaviourOf(request, answer) {
  const json = parse(answer.text);
  const what = json?.code ?? (json === undefined ? answer.text.slice(0, 20) : Object.keys(json).join());
  return [routeOf(request) ?? 'elsewhere', request.method, answer.status, what].join(' ');
}

/** The route that a request asks for, in its usual spelling; `undefined` if it is none of them. */
export function routeOf({ method, target }) {
  const path = target.replace(/^[a-z]+:\/\/[^/?#]*/i, '').split(/[?#]/)[0];
  const route = ROUTES.find(([verb, own]) => verb === method && [own, own.replace(/\/$/, '')].includes(path));
  return route === undefined ? undefined : `${method} ${route[1]}`;
}

/** The contract's form for a refusal; where the library was not asked, that of Nest or Fastify. */
function formOf(request, status, json) {
  const isContract =
    json !== undefined &&
    Object.keys(json).sort().join() === 'code,error,statusCode' &&
    json.statusCode === status &&
    CODES[json.code] === status &&
    typeof json.error === 'string';
  if (isContract) return [];
  const isFrameworks = json?.statusCode === status && typeof json.message === 'string' && json.code === undefined;
  const fastify = json?.statusCode === status && /^FST_/.test(json.code ?? '');
  // The body of a route of the application, and all other paths, are the framework's to judge.
  if ((isFrameworks || fastify) && !isOurs(request)) return [];
  return [`no refusal of the contract: ${status} ${JSON.stringify(json)?.slice(0, 200)}`];
}

/** Which clears cookies also when it refuses; Fastify matches it in percent-encoding too. */
function isLogout({ target }) {
  return /\/logout(?![a-z])/i.test(
    target.replace(/%([46]\w)/g, (_all, code) => String.fromCharCode(parseInt(code, 16))),
  );
}

/** Whether the library answers, and not the application or its framework. */
function isOurs(request) {
  return routeOf(request)?.includes('/testapp/') === false;
}

function isGuarded(request) {
  const route = routeOf(request);
  return route !== undefined && !/login|jwks|DELETE/.test(route);
}

/** Whether the request carries anything that was signed with the secret; looked at without the library. */
function hasGoodSignature({ headers }, secret) {
  const texts = headers.filter(([name]) => /^(authorization|cookie)$/i.test(name)).map(([, value]) => value);
  return texts.some((text) =>
    [...text.matchAll(/([\w-]+\.[\w-]+)\.([\w-]+)/g)].some(
      ([, input = '', signature]) => createHmac('sha256', secret).update(input).digest('base64url') === signature,
    ),
  );
}

function parse(text) {
  try {
    const value = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
