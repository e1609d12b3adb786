import type { Carrier } from '../http/carrier.js';
import { isLoopback, originOf, otherLoopbackNames, ownOrigins, parseUrl } from './own-origin.js';
import { shown } from './shown.js';

/** The settings that the origin has to do with. */
export interface OriginHintSettings {
  readonly trustedOrigins: readonly string[];
}

const KEEP_HOST = 'nginx: proxy_set_header Host $http_host';

/** `Sec-Fetch-Site` says that the page is elsewhere. */
export function otherSite({ origin, site, host = '' }: Carrier, settings: OriginHintSettings): string {
  if (origin === undefined)
    return 'No Origin came with it, so trustedOrigins cannot admit the page: a link or a redirect of another site?';
  const compared = `The Origin "${shown(origin)}" was compared with ${trusted(settings)}.`;
  const names = site === 'cross-site' ? otherLoopbackNames(origin, host) : undefined;
  if (names !== undefined) return `${compared} ${names} Then list its origin.`;
  return [
    compared,
    site === 'same-site'
      ? 'The page is on another host or port of this domain: if it is your front end, list it.'
      : 'The page is of another domain: if it is your front end, list it, and its cookies need sameSite: "None".',
  ].join(' ');
}

/** Neither Origin nor Referer. */
export function noOrigin(carrier: Carrier): string {
  const [own = 'https://<host>'] = ownOrigins(carrier);
  return (
    `Browsers send an Origin with every POST, so this is a script or a tool: let it send "Origin: ${shown(own)}". ` +
    'Only over plain http on loopback neither is needed.'
  );
}

/** Origin, or the Referer's, is neither the own one nor trusted. */
export function foreignOrigin(carrier: Carrier, settings: OriginHintSettings): string {
  const { origin, referer = '', host } = carrier;
  if (origin === 'null') {
    return (
      'The Origin is "null": the page is in a sandboxed frame, was opened as a file, was redirected from another origin, ' +
      'or has the Referrer-Policy no-referrer. No setting admits it.'
    );
  }
  const source = originOf(origin ?? referer);
  if (source === undefined) {
    return origin === undefined
      ? 'The Referer is no http or https address.'
      : `The Origin "${shown(origin)}" is no http or https origin.`;
  }
  const own = ownOrigins(carrier);
  const compared =
    `"${shown(source)}" was compared with ${own.length === 0 ? 'nothing, as there is no usable Host' : own.map((one) => `"${shown(one)}"`).join(' and ')} ` +
    `(from Host "${shown(host ?? '')}") and ${trusted(settings)}.`;
  return `${compared} ${likelyCause(source, carrier)}`;
}

function likelyCause(source: string, { host = '', encrypted }: Carrier): string {
  const [page, here] = [parseUrl(source), parseUrl(`https://${host}`)];
  if (page?.hostname === here?.hostname) {
    return page?.protocol === 'http:'
      ? 'The page was opened over http, and the own origin is https: open it over https. Plain http counts as own on loopback only, where this process itself gets it.'
      : `The same host with another port: a development server (list it in trustedOrigins, or let it forward with the Host it got), or a proxy that drops the port (${KEEP_HOST}, not $host).`;
  }
  if (!encrypted && page?.protocol === 'https:') {
    const inside = isLoopback(host) || !host.includes('.') || /^\d+(?:\.\d+){3}(?::\d+)?$/.test(host);
    return (
      `If your users see this application as "${shown(source)}", a proxy in front${inside ? ' most likely' : ''} ends TLS and rewrites Host: ` +
      `have it keep Host (${KEEP_HOST}), or list that origin in trustedOrigins. X-Forwarded-* is never read. If not, the page is foreign.`
    );
  }
  return otherLoopbackNames(source, host) ?? 'If that page is your front end, list its origin in trustedOrigins.';
}

function trusted({ trustedOrigins }: OriginHintSettings): string {
  return trustedOrigins.length === 0
    ? 'trustedOrigins, which is empty'
    : `the ${String(trustedOrigins.length)} of trustedOrigins`;
}
