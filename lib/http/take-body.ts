import type { IncomingMessage } from 'node:http';
import { trimWhiteSpace } from './raw-request.js';

/** A body as it came off the wire. */
export interface TakenBody {
  /** The content type without its parameters, in lower case. */
  readonly type: string;
  /** `Content-Encoding` */
  readonly encoding: string | undefined;
  readonly bytes: Buffer;
  /** What kept it from being read to its end. */
  readonly fault: 'too large' | 'too slow' | 'broken off' | undefined;
}

/** Most bytes of a body. */
const MAX_BODY_BYTES = 100_000;
/** Milliseconds that a body may take. */
const BODY_TIME_LIMIT_MS = 10_000;
const FIRST_BYTES = 1024;

/** Bodies that were taken off the wire before the framework's own parser, by Node's request. */
const TAKEN = new WeakMap<IncomingMessage, TakenBody>();

/** The body of a request that {@link takeBody} read; `undefined` where somebody else did. */
export function takenBody(raw: IncomingMessage): TakenBody | undefined {
  return TAKEN.get(raw);
}

/**
 * Reads the body of a request, and makes the framework take it for one without: Express and Fastify treat empty,
 * broken, typed and large bodies in ways of their own, and the application may have no parser at all.
 *
 * @returns `undefined` where it was taken before, or somebody else reads it
 */
export async function takeBody(raw: IncomingMessage): Promise<TakenBody | undefined> {
  if (raw.readableEnded || raw.readableFlowing !== null) return undefined;
  const { bytes, fault } = await read(raw);
  const taken = {
    type: trimWhiteSpace((raw.headers['content-type'] ?? '').split(';', 1)[0] ?? '').toLowerCase(),
    encoding: raw.headers['content-encoding'],
    bytes,
    fault,
  };
  TAKEN.set(raw, taken);
  for (const header of ['content-type', 'content-length', 'transfer-encoding', 'content-encoding']) {
    Reflect.deleteProperty(raw.headers, header);
  }
  return taken;
}

/** Into one buffer: a Buffer for each chunk takes a hundred times the bytes of a body that drips. */
function read(raw: IncomingMessage): Promise<Pick<TakenBody, 'bytes' | 'fault'>> {
  let buffer = Buffer.alloc(0);
  let size = 0;
  return new Promise((resolve) => {
    const finish = (fault: TakenBody['fault']): void => {
      clearTimeout(timer);
      resolve({ bytes: buffer.subarray(0, size), fault });
    };
    const timer = setTimeout(finish, BODY_TIME_LIMIT_MS, 'too slow').unref();
    const end = (): void => {
      // What was made without a socket says nothing of `complete`, and came whole if it ended.
      const whole = (raw as Partial<IncomingMessage>).complete ?? raw.readableEnded;
      finish(whole ? undefined : 'broken off');
    };
    raw.on('data', (chunk: Buffer) => {
      if (size + chunk.length > MAX_BODY_BYTES) {
        finish('too large');
        return;
      }
      if (size + chunk.length > buffer.length) {
        const larger = Buffer.alloc(Math.max(FIRST_BYTES, 2 * buffer.length, size + chunk.length));
        buffer.copy(larger);
        buffer = larger;
      }
      size += chunk.copy(buffer, size);
    });
    raw.once('end', end).once('error', end).once('close', end);
  });
}
