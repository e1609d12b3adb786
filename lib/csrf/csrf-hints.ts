import { Logger } from '@nestjs/common';
import type { Clock } from '../clock/clock.js';
import { sentToken, type CsrfEvidence } from './csrf-evidence.js';
import type { CsrfScheme } from './csrf-scheme.js';
import { foreignOrigin, noOrigin, otherSite, type OriginHintSettings } from './origin-hints.js';
import { shown } from './shown.js';

/** What was wrong, as far as the check itself tells. */
export type CsrfCause =
  'other-site' | 'no-origin' | 'foreign-origin' | 'no-cookie' | 'no-header' | 'pair-differs' | 'other-session';

/** The settings that the causes have to do with. */
export interface HintSettings extends OriginHintSettings {
  readonly domain: string | undefined;
  readonly secureCookies: boolean;
  readonly csrf: boolean | 'django';
}

/** One line in the log for a cause in this many milliseconds: a page that is wrong sends many requests. */
const SILENCE = 10_000;

/**
 * Names the likely cause of a refusal, for developers. It tells names, hosts and origins, cut short and without
 * anything that could be markup, and never a value of a cookie or a token.
 */
export class CsrfHints {
  private readonly logger = new Logger('Jwto');
  private readonly told = new Map<CsrfCause, number>();

  constructor(
    private readonly settings: HintSettings,
    private readonly tokens: Pick<CsrfScheme, 'isWellFormed'>,
    private readonly clock: Pick<Clock, 'now'>,
  ) {}

  /** The hint, which is logged too, unless the same cause was a moment ago. */
  about(cause: CsrfCause, evidence: CsrfEvidence): string {
    const hint = this.explain(cause, evidence);
    const now = this.clock.now();
    const last = this.told.get(cause);
    if (last === undefined || Math.abs(now - last) >= SILENCE) {
      this.told.set(cause, now);
      this.logger.warn(`CSRF refused (${cause}): ${hint}`);
    }
    return hint;
  }

  private explain(cause: CsrfCause, evidence: CsrfEvidence): string {
    switch (cause) {
      case 'other-site':
        return otherSite(evidence, this.settings);
      case 'no-origin':
        return noOrigin(evidence);
      case 'foreign-origin':
        return foreignOrigin(evidence, this.settings);
      case 'no-cookie':
        return this.noCookie(evidence);
      case 'no-header':
        return this.noHeader(evidence);
      case 'pair-differs':
        return this.pairDiffers(evidence);
      case 'other-session':
        return this.otherSession(evidence);
    }
  }

  private noCookie({ encrypted, cookieName, clues }: CsrfEvidence): string {
    const { domain, secureCookies } = this.settings;
    const [alike] = clues().cookies;
    if (alike !== undefined) {
      return `A cookie "${shown(alike)}" came instead: of another instance of the module, or from before cookiePrefix changed.`;
    }
    const where = domain === undefined ? 'no Domain, so for this very host' : `Domain=${domain}`;
    return [
      `Cookies of the session came, "${cookieName}" did not. It is set with Path=/ and ${where}: look in the browser's`,
      'storage whether it is there, with another Path or Domain, or was deleted by a script.',
      ...(!encrypted && secureCookies
        ? [
            'It is Secure, and this connection is plain http: right behind a proxy that ends TLS; else a browser keeps no',
            'such cookie. Serve https, or set secureCookies: false for development.',
          ]
        : []),
    ].join(' ');
  }

  private noHeader({ header, cookieName, clues }: CsrfEvidence): string {
    const { domain, csrf } = this.settings;
    const [alike] = clues().headers;
    if (alike !== undefined) {
      return `The header ${alike} came: the name is X-CSRFToken (axios: xsrfHeaderName, and xsrfCookieName "${cookieName}").`;
    }
    const readers = domain === undefined ? 'this very host' : `${domain} and the hosts below it`;
    if (header === '') {
      return `The header is there and empty: the page did not find "${cookieName}" in document.cookie. Only pages of ${readers} can read it.`;
    }
    return [
      `The page sent no such header. Read the cookie right before each request; pages of ${readers} can.`,
      csrf === 'django'
        ? 'A form may send the field csrfmiddlewaretoken instead, url-encoded; multipart bodies are not parsed yet when a guard looks.'
        : 'A plain HTML form cannot send headers: send it by fetch, or set csrf: "django" for a form field.',
    ].join(' ');
  }

  private pairDiffers(evidence: CsrfEvidence): string {
    const { cookies } = evidence;
    const sent = sentToken(evidence);
    if (cookies.length > 1) return this.severalCookies(evidence);
    if (!this.tokens.isWellFormed(sent)) {
      return sent.includes(',')
        ? 'The header seems to have come twice: two parts of the page add it.'
        : 'What was sent is no CSRF token of this application: quoted, percent-encoded, cut off, or of something else.';
    }
    return 'The page sent the token of an earlier sign-in, which it kept, or of another tab: read the cookie right before each request.';
  }

  private otherSession(evidence: CsrfEvidence): string {
    if (evidence.cookies.length > 1) return this.severalCookies(evidence);
    if (!this.tokens.isWellFormed(sentToken(evidence))) {
      return `"${evidence.cookieName}" was not set by this application: another one on this host or a parent domain uses the name, or it was planted.`;
    }
    return (
      'The token is of an earlier session, whose cookie outlived it, or was signed with another key: ' +
      'the signing key or csrfSecret changed, or differs between processes.'
    );
  }

  private severalCookies({ cookies, cookieName }: CsrfEvidence): string {
    return [
      `The cookie "${cookieName}" came ${String(cookies.length)} times with different values, and the page sent the wrong one.`,
      'One is left from another setting of domain (name that in formerDomains), or was set by a sibling host or another',
      'application (cookiePrefix: "host" shuts those out).',
    ].join(' ');
  }
}
