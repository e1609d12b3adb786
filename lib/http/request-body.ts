import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { RequestInvalidError } from '../errors/request-errors.js';
import { noteForm } from './form-token.js';
import { rawOf, type AnyRequest } from './raw-request.js';
import { takeBody, takenBody, type TakenBody } from './take-body.js';

/** The members of a body; a field that a form repeats is a list. */
export type RequestBody = Readonly<Record<string, unknown>>;

const FORM = 'application/x-www-form-urlencoded';
const FAULTS = {
  'too large': 'The body has more than 100 kB.',
  'too slow': 'The body took longer than 10 seconds.',
  'broken off': 'The body broke off.',
};

/** What is in bodies that were taken off the wire. */
const MEMBERS = new WeakMap<TakenBody, RequestBody>();

/** Reads the body of a request of ours into `request.body`, before the framework's own parser would. */
export async function parseBody(raw: IncomingMessage): Promise<void> {
  const taken = await takeBody(raw);
  if (taken === undefined) return;
  if (taken.type === FORM) noteForm(raw, () => bodyOf(raw));
  (raw as { body?: unknown }).body = readableBody(raw);
}

/**
 * The body for the application's middleware, guards and interceptors, parsed by our rules and theirs to change; without
 * members where it cannot be read, which the endpoint refuses.
 */
export function readableBody(raw: IncomingMessage): RequestBody {
  try {
    return { ...bodyOf(raw) };
  } catch (error) {
    if (error instanceof RequestInvalidError) return {};
    throw error;
  }
}

/**
 * The body of a request. An empty one, and one of another type than JSON or form, is no body.
 *
 * @throws JwtoError `request_invalid` for broken JSON, something that is no object, a `__proto__` key, or too many bytes
 */
export function bodyOf(request: AnyRequest): RequestBody {
  const taken = takenBody(rawOf(request));
  // Middleware of the application has read it before us.
  if (taken === undefined) return asBody((request as { body?: unknown }).body);
  // Once for CSRF and the endpoint.
  let members = MEMBERS.get(taken);
  if (members === undefined) MEMBERS.set(taken, (members = membersOf(taken)));
  return members;
}

function membersOf({ type, bytes, fault, encoding }: TakenBody): RequestBody {
  if (fault !== undefined) throw new RequestInvalidError(FAULTS[fault]);
  const isForm = type === FORM;
  if (bytes.length === 0 || !(isForm || isJson(type))) return {};
  if (!isUtf8(bytes) || (encoding ?? 'identity') !== 'identity') {
    throw new RequestInvalidError('The body must be UTF-8 without a Content-Encoding.');
  }
  const text = bytes.toString('utf8');
  return isForm ? parseForm(text) : parseJson(text);
}

/** The content type of a body that was not read, for a message; `undefined` where there is none to name. */
export function unreadType(request: AnyRequest): string | undefined {
  const { type, bytes } = takenBody(rawOf(request)) ?? {};
  if (type === undefined || bytes?.length === 0 || isJson(type) || type === FORM) return undefined;
  return /^[a-z]+\/[a-z0-9.+-]{1,60}$/.test(type) ? type : undefined;
}

function isJson(type: string): boolean {
  return type === 'application/json' || (type.startsWith('application/') && type.endsWith('+json'));
}

function parseJson(text: string): RequestBody {
  let value: unknown;
  try {
    value = JSON.parse(text, (key, member: unknown) => {
      if (key === '__proto__') throw new SyntaxError('a __proto__ key');
      return member;
    });
  } catch (error) {
    throw new RequestInvalidError('The body is not valid JSON, or has a "__proto__" key.', error);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new RequestInvalidError('The body must be a JSON object.');
  }
  return value as RequestBody;
}

/** Most fields of a form, as of Django and of Express; the 20 000 that fit into a body hold the event loop for 60 ms. */
const MAX_FIELDS = 1000;

/** In one pass: `getAll` for each name takes seconds for the fields that fit into a body. */
function parseForm(text: string): RequestBody {
  if (text.split('&', MAX_FIELDS + 1).length > MAX_FIELDS) {
    throw new RequestInvalidError('The form has more than 1000 fields.');
  }
  const fields: Record<string, string | string[]> = {};
  for (const [name, value] of new URLSearchParams(text)) {
    if (name === '__proto__') throw new RequestInvalidError('The body has a "__proto__" key.');
    const known = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (Array.isArray(known)) known.push(value);
    else fields[name] = known === undefined ? value : [known, value];
  }
  return fields;
}

function asBody(body: unknown): RequestBody {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body) || Object.hasOwn(body, '__proto__')) {
    throw new RequestInvalidError('The body must be an object, without a "__proto__" key.');
  }
  return body as RequestBody;
}
