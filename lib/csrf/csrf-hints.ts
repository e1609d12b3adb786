import type { Carrier } from '../http/carrier.js';
import type { CsrfScheme } from './csrf-scheme.js';
import type { CsrfSource } from './csrf-source.js';
import type { HintLog } from './hint-log.js';
import { foreignOrigin, noOrigin, otherSite, type OriginHintSettings } from './origin-hints.js';
import { isBelow, isLoopback, parseUrl } from './own-origin.js';
import { shown } from './shown.js';

/** What was wrong, as far as the check itself tells. */
export type CsrfCause =
  'other-site' | 'no-origin' | 'foreign-origin' | 'no-cookie' | 'no-header' | 'pair-differs' | 'other-session';

/** The settings that the causes have to do with. */
export interface HintSettings extends OriginHintSettings {
  readonly domain: string | undefined;
  readonly csrf: boolean | 'django';
}

/**
 * Names the likely cause of a refusal, for developers. It tells names, hosts and origins, cut short and without
 * anything that could be markup, and never a value of a cookie or a token.
 */
export class CsrfHints {
  constructor(
    private readonly settings: HintSettings,
    private readonly tokens: Pick<CsrfScheme, 'isWellFormed'>,
    private readonly source: CsrfSource,
    private readonly log: HintLog,
  ) {}

  /** The hint, which is logged too, unless the same cause was a moment ago. */
  about(cause: CsrfCause, carrier: Carrier): string {
    const hint = this.explain(cause, carrier);
    this.log.tell(`CSRF refused (${cause})`, hint);
    return hint;
  }

  private explain(cause: CsrfCause, carrier: Carrier): string {
    switch (cause) {
      case 'other-site':
        return otherSite(carrier, this.settings);
      case 'no-origin':
        return noOrigin(carrier);
      case 'foreign-origin':
        return foreignOrigin(carrier, this.settings);
      case 'no-cookie':
        return this.noCookie(carrier);
      case 'no-header':
        return this.noHeader(carrier);
      case 'pair-differs':
        return this.pairDiffers(carrier);
      case 'other-session':
        return this.otherSession(carrier);
    }
  }

  private noCookie(carrier: Carrier): string {
    const { cookieName } = this.source;
    const alike = this.source.otherCookie(carrier);
    if (alike !== undefined) {
      return `A cookie "${shown(alike)}" came instead: of another instance of the module, or from before cookiePrefix changed.`;
    }
    return [
      `Cookies of the session came, "${cookieName}" did not, although a login sets them all for the same host. It was`,
      'deleted by a script, or what puts the header Cookie together (a page server, a test) left it out, or the sign-in',
      'is from before csrf was switched on.',
    ].join(' ');
  }

  private noHeader(carrier: Carrier): string {
    const { cookieName } = this.source;
    const alike = this.source.otherHeader(carrier);
    if (alike !== undefined) {
      return `The header ${alike} came: the name is X-CSRFToken (axios: xsrfHeaderName, and xsrfCookieName "${cookieName}").`;
    }
    if (this.source.header(carrier) === '') {
      return `The header is there and empty: the page did not find "${cookieName}" in document.cookie. ${this.readers(carrier)}`;
    }
    return [
      `The page sent no such header. Read the cookie right before each request. ${this.readers(carrier)}`,
      this.settings.csrf === 'django'
        ? 'A form may send the field csrfmiddlewaretoken instead, url-encoded; multipart bodies are not parsed yet when a guard looks.'
        : 'A plain HTML form cannot send headers: send it by fetch, or set csrf: "django" for a form field.',
    ].join(' ');
  }

  /** Which pages can read the cookie, and whether the one that asks is none of them. */
  private readers({ origin, site, host = '' }: Carrier): string {
    const { domain } = this.settings;
    const readers =
      domain === undefined
        ? 'Only pages of this very host, whatever their port, can read it.'
        : `Only pages of ${domain} and the hosts below it can read it.`;
    const page = parseUrl(origin ?? '')?.hostname;
    const isReader =
      page === undefined ||
      site === 'same-origin' ||
      (domain === undefined ? page === hostnameOf(host) : isBelow(page, domain));
    return isReader
      ? readers
      : `${readers} This one, on "${shown(page)}", cannot: set domain to one that both are below.`;
  }

  private pairDiffers(carrier: Carrier): string {
    const sent = this.source.sent(carrier);
    if (this.source.cookies(carrier).length > 1) return this.severalCookies(carrier);
    if (!this.tokens.isWellFormed(sent)) {
      return sent.includes(',')
        ? 'The header seems to have come twice: two parts of the page add it.'
        : 'What was sent is no CSRF token of this application: quoted, percent-encoded, cut off, or of something else.';
    }
    return 'The page sent the token of an earlier sign-in, which it kept, or of another tab: read the cookie right before each request.';
  }

  private otherSession(carrier: Carrier): string {
    if (this.source.cookies(carrier).length > 1) return this.severalCookies(carrier);
    if (!this.tokens.isWellFormed(this.source.sent(carrier))) {
      return `"${this.source.cookieName}" was not set by this application: another one on this host, whatever its port, or on a parent domain uses the name, or it was planted.`;
    }
    return (
      'The token is of an earlier session, whose cookie outlived it, or was signed with another key: ' +
      'the signing key or csrfSecret changed, or differs between processes.'
    );
  }

  private severalCookies(carrier: Carrier): string {
    const { host = '' } = carrier;
    const { cookieName } = this.source;
    const cookies = this.source.cookies(carrier);
    const { domain } = this.settings;
    const others =
      domain === undefined && isLoopback(host)
        ? ''
        : ' Or a sibling host did, or it is left from another setting of domain (name that in formerDomains).';
    return (
      `The cookie "${cookieName}" came ${String(cookies.length)} times with different values, and the page sent the wrong one. ` +
      `One was set by another application on this host, whatever its port.${others} cookiePrefix: "host" shuts the others out.`
    );
  }
}

function hostnameOf(host: string): string {
  return parseUrl(`http://${host}`)?.hostname ?? host;
}
