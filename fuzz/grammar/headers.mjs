import { anyToken, latin1 } from './any-token.mjs';
import { respell } from './tokens.mjs';

/**
 * The headers that the library reads, in spellings usual and not. Values are text of Latin-1: one character, one byte.
 *
 * @typedef {object} Target the application that is asked
 * @property {string} host - its `Host`
 * @property {string} secret - what its HS256 tokens are signed with
 * @property {{ access: string, refresh: string }[]} tokens - live, revoked, expired ones
 * @property {Record<string, string>[]} cookies - name and value, one record a session
 */

/** `Authorization`, as often as it comes. */
export function authorization(random, target) {
  const token = anyToken(random, target);
  const usual = ['Authorization', `Bearer ${token}`];
  switch (random.below(12)) {
    case 0:
      return [[random.pick(['authorization', 'AUTHORIZATION', 'aUTHORIZATION']), `Bearer ${token}`]];
    case 1:
      return [['Authorization', `${random.pick(SCHEMES)} ${token}`]];
    case 2:
      return [
        ['Authorization', `Bearer${random.pick(['', '  ', '\t', ' \t', ',', '=', ':', '\u00a0', '\u000b'])}${token}`],
      ];
    case 3:
      return [['Authorization', `Bearer ${token}${random.pick([' ', ',', ' x', '=', '===', ';', '"', ', Bearer x'])}`]];
    case 4:
      return [usual, random.pick([usual, ['authorization', 'Basic YTpi'], ['Authorization', '']])];
    case 5:
      return [
        ['Authorization', random.pick(['', ' ', 'Bearer', 'Bearer ', 'bearer', 'Bearer  ', ',', '=', 'null', token])],
      ];
    case 6:
      return [['Authorization', `Bearer ${'a'.repeat(random.pick([8191, 8192, 8193, 12000]))}`]];
    case 7:
      return [
        [
          'Authorization',
          `Bearer ${random.pick(['a.'.repeat(4000), '.'.repeat(8000), ' '.repeat(8000), 'A'.repeat(8000) + '!'])}`,
        ],
      ];
    default:
      return [usual];
  }
}

const SCHEMES = [
  'bearer',
  'BEARER',
  'bEaReR',
  'Basic',
  'Digest',
  'Token',
  'JWT',
  'xBearer',
  'Bearer-x',
  'Bearer Bearer',
  '"Bearer"',
];

/** `Cookie`, as often as it comes. */
export function cookies(random, target) {
  const session = { ...random.pick(target.cookies) };
  const names = Object.keys(session);
  const pairs = Object.entries(session);
  for (let count = random.below(4); count > 0; count--) changeCookies(random, target, pairs, names);
  if (random.chance(0.08)) return [['Cookie', random.pick(cookieBombs(random.pick(names) ?? 'a'))]];
  const join = random.pick(['; ', '; ', '; ', ';', ' ; ', ', ', ';;', '; ; ', '\t;']);
  const text = pairs.map(([name, value]) => (value === null ? name : `${name}=${value}`)).join(join);
  if (random.chance(0.1)) return pairs.map(([name, value]) => ['Cookie', `${name}=${value}`]);
  return [[random.pick(['Cookie', 'cookie']), latin1(text)]];
}

function changeCookies(random, target, pairs, names) {
  const pair = random.pick(pairs) ?? ['a', 'b'];
  const name = random.pick(names) ?? 'jwt_access';
  const at = random.below(pairs.length + 1);
  switch (random.below(13)) {
    case 0:
      pairs.splice(at, 0, [name, anyToken(random, target)]);
      break;
    case 1:
      pairs.splice(at, 0, [name, random.pick(ODD_COOKIES)]);
      break;
    case 2:
      pairs.splice(at, 0, [random.pick(['', ' ', '__proto__', 'constructor', 'toString', '$Version', 'é']), 'x']);
      break;
    case 3:
      pairs.splice(at, 0, [name, null]);
      break;
    case 4:
      pair[1] = `"${pair[1]}"`;
      break;
    case 5:
      pair[0] = random.pick([pair[0].toUpperCase(), `%6a${pair[0].slice(1)}`, ` ${pair[0]} `, `__Host-${pair[0]}`]);
      break;
    case 6:
      pair[1] = latin1(respell(random, String(pair[1])));
      break;
    case 7:
      pairs.splice(at, 1);
      break;
    case 8:
      // Another session's, so that good cookies of two meet.
      pairs.push(...Object.entries(random.pick(target.cookies)));
      break;
    case 9:
      pairs.push([pair[0], pair[1]]);
      break;
    case 10:
      pair[1] = `${String(pair[1])}${random.pick([' ', '=', '==', '%3D', ',', '\u00ff'])}`;
      break;
    default:
      pair[1] = anyToken(random, target);
  }
}

const ODD_COOKIES = [
  '',
  '""',
  '"',
  '=',
  '==',
  '%',
  '%41',
  '%zz',
  'j:{"a":1}',
  's:a.b',
  'null',
  'deleted',
  ' ',
  '\u00ff',
  '{}',
  '.',
  '..',
];

function cookieBombs(name) {
  return [
    'a=;'.repeat(3000),
    `${name}=x;`.repeat(500),
    ';'.repeat(9000),
    '='.repeat(9000),
    `${name}=${'x'.repeat(9000)}`,
    ` ${name} `.repeat(600),
    // What Node lets in by its usual limit is 16 kB; the fuzzer's servers are started with more.
    Array.from({ length: 10_000 }, (_none, index) => `${name}=${index}`).join(';'),
    Array.from({ length: 10_000 }, (_none, index) => `c${index}=`).join('; '),
  ];
}

/** Where the request says that it comes from. */
export function provenance(random, { host, cookies: sessions }) {
  const headers = [];
  const origins = [
    `https://${host}`,
    `http://${host}`,
    'https://evil.example',
    'null',
    '',
    'https://',
    '*',
    'http://[',
    'x',
    `https://${host}.evil.example`,
    `https://evil@${host}`,
    `http://${host}/`,
    'https://a, https://b',
    'file://',
    'https://é',
    `HTTP://${host.toUpperCase()}`,
  ];
  if (random.chance(0.6)) headers.push(['Origin', random.chance(0.4) ? `http://${host}` : random.pick(origins)]);
  if (random.chance(0.3))
    headers.push(['Referer', random.pick([...origins, `http://${host}/a?b#c`, 'about:blank', '//', '/'])]);
  if (random.chance(0.3))
    headers.push([
      'Sec-Fetch-Site',
      random.pick(['same-origin', 'none', 'cross-site', 'same-site', '', 'x', 'Cross-Site', 'same-origin, cross-site']),
    ]);
  const tokens = sessions.map(({ csrftoken = '' }) => csrftoken);
  if (random.chance(0.7)) {
    headers.push([
      random.pick(['X-CSRFToken', 'x-csrftoken', 'X-XSRF-TOKEN']),
      random.chance(0.6) ? random.pick(tokens) : random.pick(CSRF),
    ]);
  }
  if (random.chance(0.05)) headers.push(['X-CSRFToken', random.pick(tokens)], ['Origin', 'https://evil.example']);
  return headers.map(([name, value]) => [name, latin1(value)]);
}

const CSRF = [
  '',
  'x',
  '.',
  'a.b',
  'A'.repeat(43) + '.' + 'B'.repeat(43),
  'x'.repeat(5000),
  '\u00ff',
  '"',
  '%00',
  '..',
  '=',
  'null',
];

/** What else may stand in a request. */
export function furtherHeaders(random) {
  return random.chance(0.85) ? [] : [random.pick(FURTHER)];
}

const FURTHER = [
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-Forwarded-For', '127.0.0.1'],
  ['X-Forwarded-Host', 'evil.example'],
  ['X-Forwarded-Proto', 'https'],
  ['Forwarded', 'for=x;host=evil.example;proto=https'],
  ['Accept', 'text/html'],
  ['User-Agent', 'a'.repeat(5000)],
  ['User-Agent', '\u0001\u00ff'],
  ['X-Nothing', ''],
  ['TE', 'trailers'],
  ['If-None-Match', '*'],
  ['Range', 'bytes=0-1'],
  ['Accept-Version', '1.0.0'],
];
