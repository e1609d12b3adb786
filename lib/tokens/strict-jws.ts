import { isUtf8 } from 'node:buffer';
import { TokenInvalidError, TokenMalformedError } from '../errors/token-errors.js';
import type { JwtoKey } from '../keys/jwto-key.js';
import { isSignatureOf } from '../keys/signature.js';
import { isTooDeep } from '../users/claim-depth.js';

/** A JSON object as parsed: its own members only are read. */
export type JsonObject = Record<string, unknown>;

/** What a token says, once its signature stands. */
export interface Jws {
  header: JsonObject;
  payload: JsonObject;
}

/** Longest token that is looked at, in bytes: more does not fit into the headers that Node accepts beside the rest. */
export const MAX_TOKEN_BYTES = 8192;

/**
 * One base64url segment without padding whose unused bits are zero, so that one token has one spelling (RFC 4648 §3.5):
 * whole quadruples, then two characters with four or three with two zero bits at their end.
 */
const SEGMENT = /^(?:[\w-]{4})*(?:[\w-][AQgw]|[\w-]{2}[AEIMQUYcgkosw048])?$/;

/**
 * Verifies a compact JWS (RFC 7515 §5.2) strictly: three canonical base64url segments, JSON objects in valid UTF-8, the
 * key's own algorithm, no `crit` (§4.1.11) and no `b64` (RFC 7797 §7). It knows nothing of claims.
 *
 * @param select - gives the key for a header; a key, a URL or an algorithm is never taken from the token
 * @throws {@link TokenMalformedError} if it is not built like a token
 * @throws {@link TokenInvalidError} if algorithm, key or signature are wrong
 */
export function verifyJws(token: string, select: (header: JsonObject) => JwtoKey | undefined): Jws {
  const [first, second] = dots(token);
  const headerText = token.slice(0, first);
  const payloadText = token.slice(first + 1, second);
  const signatureText = token.slice(second + 1);
  const header = decodeObject(headerText);
  const signature = decodeSegment(signatureText);

  const key = select(header);
  if (key === undefined || header['alg'] !== key.algorithm) throw new TokenInvalidError();
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) throw new TokenInvalidError();
  decodeSegment(payloadText);
  if (!isSignatureOf(key, token.slice(0, second), signature)) throw new TokenInvalidError();
  return { header, payload: decodeObject(payloadText) };
}

/**
 * Reads a token without verifying anything.
 *
 * @throws {@link TokenMalformedError} if it is not built like a token
 */
export function readUnverified(token: string): Jws {
  const [first, second] = dots(token);
  decodeSegment(token.slice(second + 1));
  return { header: decodeObject(token.slice(0, first)), payload: decodeObject(token.slice(first + 1, second)) };
}

/** Where the two dots are; more or fewer, an empty segment or too much text is malformed. */
function dots(token: unknown): [number, number] {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_BYTES) throw new TokenMalformedError();
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  if (first < 1 || second < first + 2 || second === token.length - 1) throw new TokenMalformedError();
  return [first, second];
}

function decodeSegment(text: string): Buffer {
  if (!SEGMENT.test(text)) throw new TokenMalformedError();
  return Buffer.from(text, 'base64url');
}

/** UTF-8 as it must be: Buffer would replace bad bytes, and JSON.parse refuses the byte order mark that stays. */
function decodeObject(text: string): JsonObject {
  const bytes = decodeSegment(text);
  if (!isUtf8(bytes)) throw new TokenMalformedError();
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw new TokenMalformedError();
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value) || isTooDeep(value)) {
    throw new TokenMalformedError();
  }
  return value as JsonObject;
}
