import { headerValues, trimWhiteSpace, type AnyRequest } from '../http/raw-request.js';

/** As many values of one name are looked at: no browser keeps more cookies for a site (RFC 6265 §6.1: 50; Chrome: 180). */
const MOST = 200;

/**
 * All values of a cookie, in the order in which the browser sent them. Nothing is decoded: the values of ours need no
 * encoding, and what a parser makes of `%41`, quotes or `j:{…}` is nobody's business. The parser of the package
 * `cookie` keeps the first of two, which may be a planted one (RFC 6265 §8.6).
 */
export function cookieValues(request: AnyRequest, name: string): string[] {
  const values: string[] = [];
  for (const header of headerValues(request, 'cookie')) {
    for (const pair of header.split(';')) {
      const equals = pair.indexOf('=');
      if (equals > 0 && trimWhiteSpace(pair.slice(0, equals)) === name)
        values.push(trimWhiteSpace(pair.slice(equals + 1)));
    }
  }
  return [...new Set(values)].filter((value) => value !== '').slice(0, MOST);
}

/** The names of all cookies that came. */
export function cookieNamesIn(request: AnyRequest): string[] {
  return headerValues(request, 'cookie')
    .flatMap((header) => header.split(';'))
    .map((pair) => trimWhiteSpace(pair.slice(0, Math.max(0, pair.indexOf('=')))));
}
