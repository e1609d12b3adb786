import { CsrfOriginError } from '../errors/csrf-errors.js';
import type { Carrier } from '../http/carrier.js';
import type { CsrfHints } from './csrf-hints.js';
import { isPlainLoopback, originOf, ownOrigins } from './own-origin.js';

/** Decides by Fetch Metadata, Origin and Referer whether a request came from a page of ours. */
export class OriginCheck {
  private readonly exact: ReadonlySet<string>;
  private readonly wildcards: readonly { scheme: string; suffix: string }[];

  /**
   * @param trusted - exact origins, and `https://*.example.com`
   * @param hints - where refusals shall name their likely cause
   */
  constructor(
    trusted: readonly string[],
    private readonly hints?: CsrfHints,
  ) {
    this.exact = new Set(trusted.filter((origin) => !origin.includes('*')));
    this.wildcards = trusted
      .filter((origin) => origin.includes('*'))
      .map((origin) => {
        const [scheme = '', host = ''] = origin.split('*');
        return { scheme, suffix: host };
      });
  }

  /**
   * @param absence - whether a request without Origin and Referer is let pass: at a login, which sends no cookie that
   * could be ridden on
   * @throws {@link CsrfOriginError} if it did not, with what to do
   */
  assert(carrier: Carrier, absence: 'refused' | 'accepted'): void {
    const { origin, referer, site } = carrier;
    if ((site === 'cross-site' || site === 'same-site') && !this.isTrusted(origin)) {
      throw new CsrfOriginError(
        `The browser says "Sec-Fetch-Site: ${site}": this page is of another ${site === 'same-site' ? 'host' : 'site'}. ` +
          'If it is yours, add its origin to trustedOrigins.',
        this.hints?.about('other-site', carrier),
      );
    }
    const source = origin ?? (referer === undefined ? undefined : originOf(referer));
    if (origin === undefined && referer === undefined) {
      if (absence === 'accepted' || isPlainLoopback(carrier)) return;
      throw new CsrfOriginError(
        'Send an Origin or a Referer header of this host; a request with a cookie needs one.',
        this.hints?.about('no-origin', carrier),
      );
    }
    if (source === undefined || !(this.isTrusted(source) || ownOrigins(carrier).includes(source))) {
      throw new CsrfOriginError(
        `The ${origin === undefined ? 'Referer' : 'Origin'} is not this host's origin. If that page is yours, add its origin to ` +
          'trustedOrigins; behind a proxy, have it keep the Host header.',
        this.hints?.about('foreign-origin', carrier),
      );
    }
  }

  private isTrusted(origin: string | undefined): boolean {
    if (origin === undefined) return false;
    if (this.exact.has(origin)) return true;
    return this.wildcards.some(({ scheme, suffix }) => {
      const host = origin.slice(scheme.length, -suffix.length);
      return origin.startsWith(scheme) && origin.endsWith(suffix) && /^[a-z0-9.-]+$/.test(host);
    });
  }
}
