import type { SessionClaims } from './types.js';

/** What JSON says; `undefined` where it is none. */
export function parse<T>(json: string | null | undefined): T | undefined {
  try {
    return (JSON.parse(json ?? '') as T | null) ?? undefined;
  } catch {
    return undefined;
  }
}

/** The claims in an access token, unverified: the server verifies them. `undefined` if it is none. */
export function tokenClaims(token: string): SessionClaims | undefined {
  const bytes = decode((token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/'));
  return parse(new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0))));
}

/** The claims in the payload cookie, which is base64 of JSON in ASCII. `undefined` if it is none. */
export const payloadClaims = (value: string): SessionClaims | undefined => parse(decode(value));

function decode(base64: string): string {
  try {
    return atob(base64);
  } catch {
    return '';
  }
}

/** Every value of a cookie, in the order in which the browser sends them; there are several if someone planted one. */
export function cookieValues(cookies: string, name: string): string[] {
  return cookies
    .split(/; */)
    .filter((cookie) => cookie.startsWith(`${name}=`))
    .map((cookie) => cookie.slice(name.length + 1));
}
