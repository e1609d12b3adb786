import { RequestInvalidError } from '../errors/request-errors.js';
import { TokenMalformedError } from '../errors/token-errors.js';
import { trimWhiteSpace } from '../http/raw-request.js';

/** The scheme, whatever its case (RFC 9110 §11.1), and what follows it. */
const BEARER = /^bearer(?![\w!#$%&'*+.^`|~-])(.*)$/is;
const USUAL = 'Bearer ';
/** RFC 6750 §2.1: b64token. */
const CREDENTIAL = /^ +([\w.~+/-]+=*)$/;

/**
 * Reads `Authorization: Bearer` (RFC 6750 §2.1).
 *
 * @param headers - the values of `Authorization`
 * @returns the token; `''` if the scheme stands alone; `undefined` if there is no such header or it has another scheme
 * @throws JwtoError `request_invalid` for two such headers, `token_malformed` for anything else behind the scheme
 */
export function readBearer(headers: readonly string[]): string | undefined {
  if (headers.length > 1) throw new RequestInvalidError('Send one Authorization header.');
  // The usual spelling, without a look at each character: the verifier, or its cache, looks at them all.
  const usual = headers[0];
  if (usual?.startsWith(USUAL) === true && usual.length > USUAL.length && usual[USUAL.length] !== ' ') {
    return usual.slice(USUAL.length);
  }
  const rest = BEARER.exec(headers[0] ?? '')?.[1];
  if (rest === undefined) return undefined;
  if (trimWhiteSpace(rest) === '') return '';
  const token = CREDENTIAL.exec(rest)?.[1];
  if (token === undefined) throw new TokenMalformedError();
  return token;
}
