import { TokenInvalidError, TokenMalformedError } from '../errors/token-errors.js';
import { isNameOf } from '../keys/algorithms.js';
import { decodeBase64url } from '../keys/base64url.js';
import type { KeyMaterial } from '../keys/jwto-key.js';
import { isSignatureOf } from '../keys/signature.js';
import { parseObject, type JsonObject } from './json-object.js';

/** The parts of a compact JWS (RFC 7515 §7.1), each in base64url. */
export interface CompactJws {
  readonly header: string;
  readonly payload: string;
  readonly signature: string;
  /** What is signed: header, dot, payload. */
  readonly input: string;
}

/** Longest token that is looked at, in bytes: more does not fit into the headers that Node accepts beside the rest. */
export const MAX_TOKEN_BYTES = 8192;

const COMPACT_FORM = /^[\w-]+\.[\w-]+\.[\w-]+$/;

/** Whether a string looks like a compact JWS. One that does not is refused before a key is looked up. */
export function isCompactJws(text: string): boolean {
  return text.length <= MAX_TOKEN_BYTES && COMPACT_FORM.test(text);
}

/**
 * Takes a token apart.
 *
 * @throws {@link TokenMalformedError} unless there are exactly two dots and something around each
 */
export function split(token: unknown): CompactJws {
  const jws = splitAny(token);
  if (jws.payload === '') throw new TokenMalformedError();
  return jws;
}

/**
 * As {@link split}, of any JWS: its payload may be empty (RFC 7515 §7.1), which no claims are.
 *
 * @throws {@link TokenMalformedError}
 */
export function splitAny(token: unknown): CompactJws {
  if (typeof token !== 'string' || token.length > MAX_TOKEN_BYTES) throw new TokenMalformedError();
  const first = token.indexOf('.');
  const second = token.indexOf('.', first + 1);
  if (first < 1 || second < 0 || second === token.length - 1) throw new TokenMalformedError();
  return {
    header: token.slice(0, first),
    payload: token.slice(first + 1, second),
    signature: token.slice(second + 1),
    input: token.slice(0, second),
  };
}

/**
 * The bytes of one segment, in its one spelling. A dot too many is refused here.
 *
 * @throws {@link TokenMalformedError}
 */
export function decodeSegment(text: string): Buffer {
  const bytes = decodeBase64url(text);
  if (bytes === undefined) throw new TokenMalformedError();
  return bytes;
}

/**
 * A header that an own token could have: no `crit` (RFC 7515 §4.1.11) and no `b64` (RFC 7797 §7).
 *
 * @throws {@link TokenMalformedError} if it is not a JSON object
 * @throws {@link TokenInvalidError} for either of the two
 */
export function parseHeader(text: string): JsonObject {
  const header = parseObject(decodeSegment(text));
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) throw new TokenInvalidError();
  return header;
}

/**
 * Verifies the signature with one key, by that key's algorithm and no other (RFC 8725 §3.1).
 *
 * @returns the payload's bytes; that they are JSON is not looked at
 * @throws {@link TokenMalformedError}, {@link TokenInvalidError}
 */
export function openJws({ input, payload, signature }: CompactJws, header: JsonObject, key: KeyMaterial): Buffer {
  const bytes = decodeSegment(payload);
  if (isNameOf(header['alg'], key.algorithm) && isSignatureOf(key, input, signature)) return bytes;
  decodeSegment(signature);
  throw new TokenInvalidError();
}
