import type { SessionClaims } from './types.js';

/** The value of JSON text; `undefined` for anything else. */
export function parse(json: string | null | undefined): unknown {
  try {
    // eslint-disable-next-line @typescript-eslint/no-non-null-assertion -- no text is no JSON either
    return JSON.parse(json!) ?? undefined;
  } catch {
    return;
  }
}

/**
 * The claims in base64 of either alphabet, unverified: the server verifies them. `undefined` if there are none.
 *
 * @param base64 - the payload cookie, or the middle of an access token
 */
export function claimsIn(base64?: string): SessionClaims | undefined {
  try {
    // eslint-disable-next-line @typescript-eslint/no-non-null-assertion -- nothing is no claims either
    const bytes = atob(base64!.replace(/-/g, '+').replace(/_/g, '/'));
    return parse(new TextDecoder().decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)))) as SessionClaims;
  } catch {
    return;
  }
}

/** The claims in an access token; `undefined` for anything else. */
export const tokenClaims = (token?: string): SessionClaims | undefined => claimsIn(token?.split('.')[1]);

/** Every value of a cookie, in the order in which the browser sends them; there are several if someone planted one. */
export function cookieValues(cookies: string, name: string): string[] {
  return cookies.split(/; */).flatMap((cookie) => (cookie.startsWith(`${name}=`) ? cookie.slice(name.length + 1) : []));
}
