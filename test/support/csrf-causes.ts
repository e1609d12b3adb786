import type { JwtoErrorCode } from 'jwto';
import { HOST, joined, OWN_ORIGIN, type Browser, type Difference } from './browser.js';

type Own = Readonly<Record<string, string>>;
type Make = (browser: Browser, other: Browser) => Difference;

/** The cookies without the CSRF cookie. */
export const withoutCsrf = (own: Own): string => joined(own, { csrftoken: null });
const planted =
  (value: string) =>
  (own: Own): string =>
    `csrftoken=${value}; ${joined(own)}`;

/** What is wrong, its code, the cause in the log, and what the hint must name. */
export const CAUSES: readonly (readonly [string, JwtoErrorCode, string, RegExp, Make])[] = [
  [
    'no header',
    'csrf_missing',
    'no-header',
    /no such header.*csrf: "django"/,
    () => ({ headers: { 'x-csrftoken': null } }),
  ],
  [
    'an empty header',
    'csrf_missing',
    'no-header',
    /empty: .*"csrftoken" in document.cookie.*this very host, whatever their port(?!.*domain)/,
    () => ({ headers: { 'x-csrftoken': '' } }),
  ],
  [
    'a header of another name',
    'csrf_missing',
    'no-header',
    /x-xsrf-token came: the name is X-CSRFToken/,
    ({ csrf }) => ({ headers: { 'x-csrftoken': null, 'x-xsrf-token': csrf } }),
  ],
  [
    'no cookie',
    'csrf_missing',
    'no-cookie',
    /"csrftoken" did not, although a login sets them all for the same host.*deleted.*left it out(?!.*(?:domain|plain http))/is,
    () => ({ cookies: withoutCsrf }),
  ],
  [
    'a cookie of another prefix',
    'csrf_missing',
    'no-cookie',
    /"__Host-csrftoken" came instead.*cookiePrefix/,
    ({ csrf }) => ({ cookies: (own) => `${withoutCsrf(own)}; __Host-csrftoken=${csrf}` }),
  ],
  [
    'the token of an earlier login in the header',
    'csrf_mismatch',
    'pair-differs',
    /earlier sign-in/,
    (_own, { csrf }) => ({ headers: { 'x-csrftoken': csrf } }),
  ],
  [
    'a token in quotes',
    'csrf_mismatch',
    'pair-differs',
    /quoted/,
    ({ csrf }) => ({ headers: { 'x-csrftoken': `"${csrf}"` } }),
  ],
  [
    'the header twice',
    'csrf_mismatch',
    'pair-differs',
    /twice/,
    ({ csrf }) => ({ headers: { 'x-csrftoken': [csrf, csrf] } }),
  ],
  [
    'the cookie twice, read wrongly',
    'csrf_mismatch',
    'pair-differs',
    /came 2 times.*another application on this host, whatever its port.*formerDomains.*cookiePrefix/,
    (_own, { csrf }) => ({ cookies: planted(csrf), headers: { 'x-csrftoken': 'x' } }),
  ],
  [
    'the pair of an earlier session',
    'csrf_mismatch',
    'other-session',
    /earlier session.*csrfSecret/,
    (_own, { csrf }) => ({ cookies: (own) => joined(own, { csrftoken: csrf }), headers: { 'x-csrftoken': csrf } }),
  ],
  [
    'the pair of another application',
    'csrf_mismatch',
    'other-session',
    /not set by this application/,
    () => ({ cookies: (own) => joined(own, { csrftoken: 'theirs' }), headers: { 'x-csrftoken': 'theirs' } }),
  ],
  [
    'the planted one of two',
    'csrf_mismatch',
    'other-session',
    /came 2 times/,
    (_own, { csrf }) => ({ cookies: planted(csrf), headers: { 'x-csrftoken': csrf } }),
  ],
  [
    'a page of another site',
    'csrf_origin',
    'other-site',
    /"https:\/\/front\.example" was compared with trustedOrigins, which is empty.*sameSite: "None"/,
    () => ({ headers: { origin: 'https://front.example', 'sec-fetch-site': 'cross-site' } }),
  ],
  [
    'a page on another name of this machine',
    'csrf_origin',
    'other-site',
    /on "localhost" and this API on "127\.0\.0\.1".*no cookies travel.*one name for both(?!.*sameSite)/,
    () => ({ headers: { host: '127.0.0.1:3000', origin: 'http://localhost:5173', 'sec-fetch-site': 'cross-site' } }),
  ],
  [
    'a page on another name of this machine, from a browser that does not say so',
    'csrf_origin',
    'foreign-origin',
    /on "127\.0\.0\.1" and this API on "localhost".*one name for both/,
    () => ({ headers: { host: 'localhost:3000', origin: 'http://127.0.0.1:5173' } }),
  ],
  [
    'two cookies on loopback, where domain has nothing to do with it',
    'csrf_mismatch',
    'pair-differs',
    /came 2 times.*another application on this host, whatever its port(?!.*omain)/s,
    (_own, { csrf }) => ({
      cookies: planted(csrf),
      headers: { host: 'localhost:3000', origin: 'http://localhost:3000', 'x-csrftoken': 'x' },
    }),
  ],
  [
    'a page of a sibling host',
    'csrf_origin',
    'other-site',
    /another host or port of this domain/,
    () => ({ headers: { origin: 'https://front.example.com', 'sec-fetch-site': 'same-site' } }),
  ],
  [
    'another site without an Origin',
    'csrf_origin',
    'other-site',
    /No Origin came/,
    () => ({ headers: { origin: null, 'sec-fetch-site': 'cross-site' } }),
  ],
  [
    'neither Origin nor Referer',
    'csrf_origin',
    'no-origin',
    /"Origin: https:\/\/app\.example\.com"/,
    () => ({ headers: { origin: null } }),
  ],
  [
    'a foreign Origin',
    'csrf_origin',
    'foreign-origin',
    /"https:\/\/evil\.example" was compared with "https:\/\/app\.example\.com" \(from Host "app\.example\.com"\)/,
    () => ({ headers: { origin: 'https://evil.example' } }),
  ],
  [
    'a foreign Referer',
    'csrf_origin',
    'foreign-origin',
    /"https:\/\/evil\.example" was compared(?!.*secret)/s,
    () => ({ headers: { origin: null, referer: 'https://evil.example/reset?token=secret' } }),
  ],
  [
    'the Origin null',
    'csrf_origin',
    'foreign-origin',
    /"null": .*sandboxed.*no-referrer/,
    () => ({ headers: { origin: 'null' } }),
  ],
  [
    'an unparsable Origin',
    'csrf_origin',
    'foreign-origin',
    /"garbage" is no http or https origin/,
    () => ({ headers: { origin: 'garbage' } }),
  ],
  [
    'an unparsable Referer',
    'csrf_origin',
    'foreign-origin',
    /Referer is no http or https address/,
    () => ({ headers: { origin: null, referer: 'garbage' } }),
  ],
  [
    'the page over http',
    'csrf_origin',
    'foreign-origin',
    /opened over http, and the own origin is https/,
    () => ({ headers: { origin: `http://${HOST}` } }),
  ],
  [
    'another port',
    'csrf_origin',
    'foreign-origin',
    /another port.*\$http_host/,
    () => ({ headers: { origin: `${OWN_ORIGIN}:5173` } }),
  ],
  [
    'a Host rewritten by a proxy',
    'csrf_origin',
    'foreign-origin',
    /compared with "https:\/\/127\.0\.0\.1:3000" and "http:\/\/127\.0\.0\.1:3000".*most likely ends TLS and rewrites Host.*trustedOrigins.*X-Forwarded-\* is never read/,
    () => ({ headers: { host: '127.0.0.1:3000' } }),
  ],
  [
    'no usable Host',
    'csrf_origin',
    'foreign-origin',
    /compared with nothing/,
    () => ({ headers: { host: 'bad host/..' } }),
  ],
];
