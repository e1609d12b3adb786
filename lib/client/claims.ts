import type { SessionClaims } from './types.js';

/** The claims in an access token, unverified: the server verifies them. `undefined` if it is none. */
export function tokenClaims(token: string): SessionClaims | undefined {
  return parse(() => {
    const bytes = atob((token.split('.')[1] ?? '').replace(/-/g, '+').replace(/_/g, '/'));
    return new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  });
}

/** The claims in the payload cookie, which is base64 of JSON in ASCII. `undefined` if it is none. */
export function payloadClaims(value: string): SessionClaims | undefined {
  return parse(() => atob(value));
}

function parse(json: () => string): SessionClaims | undefined {
  try {
    const claims = JSON.parse(json()) as Partial<SessionClaims> | null;
    return typeof claims?.exp === 'number' && claims.user ? (claims as SessionClaims) : undefined;
  } catch {
    return undefined;
  }
}

/** Every value of a cookie, in the order in which the browser sends them; there are several if someone planted one. */
export function cookieValues(cookies: string, name: string): string[] {
  return cookies
    .split(/; */)
    .filter((cookie) => cookie.startsWith(`${name}=`))
    .map((cookie) => cookie.slice(name.length + 1));
}
