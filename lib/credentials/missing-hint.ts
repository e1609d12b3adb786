import type { Carrier } from '../http/carrier.js';
import { isBelow, otherLoopbackNames, parseUrl } from '../csrf/own-origin.js';
import { shown } from '../csrf/shown.js';
import type { ResolvedOptions } from '../options/resolve-options.js';

/** What keeps the cookies of a sign-in from coming back, as far as a request without them tells. */
export interface MissingHint {
  readonly cause: 'other-loopback-name' | 'other-site' | 'other-domain' | 'plain-http';
  readonly hint: string;
}

type Evidence = Pick<Carrier, 'origin' | 'site' | 'host' | 'encrypted'>;
type CookieSettings = Pick<ResolvedOptions, 'domain' | 'sameSite' | 'secureCookies'>;

/**
 * The likely cause where a login answered 200 and the next request has no cookie of it. Nothing is said of a request
 * from which such a cookie would have come: there nobody is signed in.
 */
export function missingHint(evidence: Evidence, settings: CookieSettings): MissingHint | undefined {
  const { origin, site, host = '' } = evidence;
  const { domain, sameSite, secureCookies } = settings;
  const names = site === undefined || site === 'cross-site' ? otherLoopbackNames(origin, host) : undefined;
  if (names !== undefined) return { cause: 'other-loopback-name', hint: names };
  if (site === 'cross-site' && origin !== undefined) {
    return {
      cause: 'other-site',
      hint:
        `The page "${shown(origin)}" is of another site: cookies with SameSite=${sameSite} ` +
        `${sameSite === 'None' ? 'may be blocked there by the browser' : 'are neither kept nor sent there'}. Use the mode JSON.`,
    };
  }
  const hostname = parseUrl(`http://${host}`)?.hostname;
  if (domain !== undefined && hostname !== undefined && !isBelow(hostname, domain)) {
    return {
      cause: 'other-domain',
      hint:
        `Domain=${domain} is not above this host "${shown(hostname)}", so a client keeps none of the cookies: leave domain ` +
        'out here. That is, unless a proxy in front rewrites Host.',
    };
  }
  if (secureCookies && isPlainForClient(evidence)) {
    return {
      cause: 'plain-http',
      hint:
        'The cookies are Secure and this connection is plain http, over which most tools (supertest, requests of Python) ' +
        'never send them back, and browsers on localhost only. Serve https, or set secureCookies: false for development ' +
        'and tests. It is right as it is behind a proxy that ends TLS.',
    };
  }
  return undefined;
}

/**
 * Whether nothing speaks for TLS in front of this process: browsers send `Sec-Fetch-Site` to https and to loopback
 * only, where Secure cookies come back.
 */
function isPlainForClient({ encrypted, site, origin }: Evidence): boolean {
  return !encrypted && site === undefined && origin?.startsWith('https:') !== true;
}
