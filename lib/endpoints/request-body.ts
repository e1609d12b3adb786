import { isUtf8 } from 'node:buffer';
import type { IncomingMessage } from 'node:http';
import { RequestInvalidError } from '../errors/request-errors.js';
import { noteForm } from '../transports/form-token.js';
import { rawOf, trimWhiteSpace, type AnyRequest } from '../transports/raw-request.js';

/** The members of a body; a field that a form repeats is a list. */
export type RequestBody = Readonly<Record<string, unknown>>;

const FORM = 'application/x-www-form-urlencoded';
/** Most bytes of a body. */
const MAX_BODY_BYTES = 100_000;

/** Bodies that were taken off the wire before the framework's own parser, by Node's request. */
const TAKEN = new WeakMap<IncomingMessage, TakenBody>();

interface TakenBody {
  type: string;
  encoding: string | undefined;
  bytes: Buffer;
  tooLarge: boolean;
  /** Whether it came to its end. */
  whole: boolean;
}

/**
 * Reads the body of a request, and makes the framework take it for one without: Express and Fastify treat empty,
 * broken, typed and large bodies in ways of their own, and the application may have no parser at all.
 */
export async function takeBody(raw: IncomingMessage): Promise<void> {
  if (raw.readableEnded || raw.readableFlowing !== null) return;
  const chunks: Buffer[] = [];
  let size = 0;
  await new Promise<void>((resolve) => {
    raw.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= MAX_BODY_BYTES) chunks.push(chunk);
      else resolve();
    });
    raw
      .once('end', resolve)
      .once('error', () => {
        resolve();
      })
      .once('close', resolve);
  });
  const type = trimWhiteSpace((raw.headers['content-type'] ?? '').split(';', 1)[0] ?? '').toLowerCase();
  TAKEN.set(raw, {
    type,
    encoding: raw.headers['content-encoding'],
    bytes: Buffer.concat(chunks),
    tooLarge: size > MAX_BODY_BYTES,
    // What was made without a socket says nothing of `complete`, and came whole if it ended.
    whole: (raw as Partial<IncomingMessage>).complete ?? raw.readableEnded,
  });
  if (type === FORM) noteForm(raw, () => bodyOf(raw));
  for (const header of ['content-type', 'content-length', 'transfer-encoding', 'content-encoding']) {
    Reflect.deleteProperty(raw.headers, header);
  }
  (raw as { body?: unknown }).body = readableBody(raw);
}

/**
 * The body for the application's middleware, guards and interceptors, parsed by our rules. `undefined` where it cannot be
 * read, which the endpoint refuses.
 */
export function readableBody(raw: IncomingMessage): RequestBody | undefined {
  try {
    return bodyOf(raw);
  } catch (error) {
    if (error instanceof RequestInvalidError) return undefined;
    throw error;
  }
}

/**
 * The body of a request. An empty one, and one of another type than JSON or form, is no body.
 *
 * @throws JwtoError `request_invalid` for broken JSON, something that is no object, a `__proto__` key, or too many bytes
 */
export function bodyOf(request: AnyRequest): RequestBody {
  const taken = TAKEN.get(rawOf(request));
  // Middleware of the application has read it before us.
  if (taken === undefined) return asBody((request as { body?: unknown }).body);
  const { type, bytes } = taken;
  if (taken.tooLarge) throw new RequestInvalidError('The body has more than 100 kB.');
  if (!taken.whole) throw new RequestInvalidError('The body broke off.');
  const isJson = type === 'application/json' || (type.startsWith('application/') && type.endsWith('+json'));
  const isForm = type === FORM;
  if (bytes.length === 0 || !(isJson || isForm)) return {};
  if (!isUtf8(bytes) || (taken.encoding ?? 'identity') !== 'identity') {
    throw new RequestInvalidError('The body must be UTF-8 without a Content-Encoding.');
  }
  const text = bytes.toString('utf8');
  return isForm ? parseForm(text) : parseJson(text);
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

/** In one pass: `getAll` for each name takes seconds for the fields that fit into a body. */
function parseForm(text: string): RequestBody {
  const fields = new Map<string, string | string[]>();
  for (const [name, value] of new URLSearchParams(text)) {
    if (name === '__proto__') throw new RequestInvalidError('The body has a "__proto__" key.');
    const known = fields.get(name);
    if (Array.isArray(known)) known.push(value);
    else fields.set(name, known === undefined ? value : [known, value]);
  }
  return Object.fromEntries(fields);
}

function asBody(body: unknown): RequestBody {
  if (body === undefined || typeof body === 'string' || Buffer.isBuffer(body)) return {};
  if (typeof body !== 'object' || body === null || Array.isArray(body) || Object.hasOwn(body, '__proto__')) {
    throw new RequestInvalidError('The body must be an object, without a "__proto__" key.');
  }
  return body as RequestBody;
}
