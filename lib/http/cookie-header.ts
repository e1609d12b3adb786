import { trimWhiteSpace } from './raw-request.js';

/** As many values of one name are looked at: no browser keeps more cookies for a site (RFC 6265 §6.1: 50; Chrome: 180). */
const MOST = 200;
const NONE: readonly string[] = [];

/**
 * The cookies of a request, parsed once. Nothing is decoded: the library's own values need no encoding, and no parser is
 * asked what `%41`, quotes or `j:{…}` mean. The parser of the package `cookie` keeps the first of two values, which may be
 * a planted one (RFC 6265 §8.6).
 */
export class CookieHeader {
  private readonly values = new Map<string, string[]>();

  /** @param headers - the values of `Cookie`, which HTTP/2 may send in several */
  constructor(headers: readonly string[]) {
    for (const header of headers) {
      for (const pair of header.split(';')) this.add(pair, pair.indexOf('='));
    }
  }

  /** The names of all cookies. */
  get names(): readonly string[] {
    return [...this.values.keys()];
  }

  /** All values of a cookie, each once, in the order in which the browser sent them; empty ones are left out. */
  get(name: string): readonly string[] {
    const values = this.values.get(name) ?? NONE;
    return values.length < 2 ? values : [...new Set(values)].slice(0, MOST);
  }

  private add(pair: string, equals: number): void {
    if (equals < 1) return;
    const name = trimWhiteSpace(pair.slice(0, equals));
    const value = trimWhiteSpace(pair.slice(equals + 1));
    const known = this.values.get(name);
    if (known === undefined) this.values.set(name, value === '' ? [] : [value]);
    else if (value !== '') known.push(value);
  }
}
