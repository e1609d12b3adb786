import type { Carrier } from '../http/carrier.js';

const HEADER = 'x-csrftoken';
/** Where other libraries send a CSRF token: Angular and axios, csurf, Laravel. */
const OTHER_HEADERS = ['x-xsrf-token', 'x-csrf-token', 'csrf-token', 'xsrf-token'];

/** Where the requests to a module instance have their CSRF tokens. */
export class CsrfSource {
  /**
   * @param cookieName - of the CSRF cookie
   * @param takesForms - whether the form field `csrfmiddlewaretoken` counts, as it does in Django
   */
  constructor(
    readonly cookieName: string,
    private readonly takesForms: boolean,
  ) {}

  /** The values of the CSRF cookie; there are several where someone planted one. */
  cookies(carrier: Carrier): readonly string[] {
    return carrier.cookies(this.cookieName);
  }

  /** `X-CSRFToken`. */
  header(carrier: Carrier): string | undefined {
    return carrier.header(HEADER);
  }

  /** The form field, where it counts. */
  field(carrier: Carrier): string | undefined {
    return this.takesForms ? carrier.formToken : undefined;
  }

  /** The token that was sent beside the cookie; `''` if there is none. A form field goes before the header, as in Django. */
  sent(carrier: Carrier): string {
    return this.field(carrier) ?? this.header(carrier) ?? '';
  }

  /** A header that came, in which other libraries send such a token; for hints. */
  otherHeader(carrier: Carrier): string | undefined {
    return OTHER_HEADERS.find((name) => carrier.header(name) !== undefined);
  }

  /** A cookie that came, whose name ends as the CSRF cookie's; for hints. */
  otherCookie(carrier: Carrier): string | undefined {
    return carrier.cookieNames.find((name) => name !== this.cookieName && name.endsWith('csrftoken'));
  }
}
