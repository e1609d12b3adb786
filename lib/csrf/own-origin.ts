import type { Carrier } from '../http/carrier.js';
import { shown } from './shown.js';

/** The loopback names and addresses (RFC 6761 §6.3, RFC 5735, RFC 4291). */
const LOOPBACK = /^(?:localhost|(?:[\w-]+\.)+localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** The own origins: https with the Host; http too where nothing but this machine is in between. */
export function ownOrigins(carrier: Pick<Carrier, 'host' | 'encrypted'>): string[] {
  const { host } = carrier;
  if (host === undefined) return [];
  const origins = [originOf(`https://${host}`), isPlainLoopback(carrier) ? originOf(`http://${host}`) : undefined];
  return origins.filter((origin) => origin !== undefined);
}

/** Whether a request came over plain http to a loopback name. */
export function isPlainLoopback({ encrypted, host }: Pick<Carrier, 'host' | 'encrypted'>): boolean {
  return !encrypted && host !== undefined && isLoopback(host);
}

/** Whether a `Host` is a name of this very machine. */
export function isLoopback(host: string): boolean {
  const url = parseUrl(`http://${host}`);
  return url !== undefined && LOOPBACK.test(url.hostname);
}

/**
 * What to say of a page that is on another name of this machine than the application, such as `localhost` and
 * `127.0.0.1`, which are two sites to a browser; `undefined` where it is not so.
 */
export function otherLoopbackNames(origin: string | undefined, host: string): string | undefined {
  const [page, here] = [parseUrl(origin ?? ''), parseUrl(`http://${host}`)];
  if (page === undefined || here === undefined || page.hostname === here.hostname) return undefined;
  if (!isLoopback(page.host) || !isLoopback(host)) return undefined;
  return (
    `The page is on "${shown(page.hostname)}" and this API on "${shown(here.hostname)}": to a browser these are two sites, ` +
    'and no cookies travel between them. Use one name for both, such as localhost.'
  );
}

/** Whether a host gets the cookies of a domain: it is the domain, or below it (RFC 6265 §5.1.3, §5.2.3). */
export function isBelow(hostname: string, domain: string): boolean {
  const name = domain.replace(/^\./, '').toLowerCase();
  return hostname === name || hostname.endsWith(`.${name}`);
}

/** The http or https origin of a URL, or `undefined`. */
export function originOf(text: string): string | undefined {
  const url = parseUrl(text);
  return url !== undefined && /^https?:$/.test(url.protocol) ? url.origin : undefined;
}

/** A URL, or `undefined` for what is none. */
export function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
