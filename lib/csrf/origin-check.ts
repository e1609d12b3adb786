import { CsrfOriginError } from '../errors/csrf-errors.js';
import type { CsrfEvidence } from './csrf-evidence.js';

/** The loopback names and addresses (RFC 6761 §6.3, RFC 5735, RFC 4291). */
const LOOPBACK = /^(?:localhost|(?:[\w-]+\.)+localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/** Decides by Fetch Metadata, Origin and Referer whether a request came from a page of ours. */
export class OriginCheck {
  private readonly exact: ReadonlySet<string>;
  private readonly wildcards: readonly { scheme: string; suffix: string }[];

  /** @param trusted - exact origins, and `https://*.example.com` */
  constructor(trusted: readonly string[]) {
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
  assert(evidence: CsrfEvidence, absence: 'refused' | 'accepted'): void {
    const { origin, referer, site } = evidence;
    if ((site === 'cross-site' || site === 'same-site') && !this.isTrusted(origin)) {
      throw new CsrfOriginError(
        `The browser says "Sec-Fetch-Site: ${site}": this page is of another site. If it is yours, add its origin to trustedOrigins.`,
      );
    }
    const source = origin ?? (referer === undefined ? undefined : originOf(referer));
    if (origin === undefined && referer === undefined) {
      if (absence === 'accepted' || isPlainLoopback(evidence)) return;
      throw new CsrfOriginError('Send an Origin or a Referer header of this host; a request with a cookie needs one.');
    }
    if (source === undefined || !(this.isTrusted(source) || isOwn(source, evidence))) {
      throw new CsrfOriginError(
        `The ${origin === undefined ? 'Referer' : 'Origin'} is not this host's origin. If that page is yours, add its origin to ` +
          'trustedOrigins; behind a proxy, have it keep the Host header.',
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

/** The own origin is https with the Host; http too where nothing but this machine is in between. */
function isOwn(origin: string, evidence: CsrfEvidence): boolean {
  const { host } = evidence;
  if (host === undefined) return false;
  if (origin === originOf(`https://${host}`)) return true;
  return isPlainLoopback(evidence) && origin === originOf(`http://${host}`);
}

function isPlainLoopback({ encrypted, host }: CsrfEvidence): boolean {
  if (encrypted || host === undefined) return false;
  const url = parse(`http://${host}`);
  return url !== undefined && LOOPBACK.test(url.hostname);
}

function originOf(text: string): string | undefined {
  const url = parse(text);
  return url !== undefined && /^https?:$/.test(url.protocol) ? url.origin : undefined;
}

function parse(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
