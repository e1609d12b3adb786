import { Buffer } from 'node:buffer';
import { mutateJson, nested, ODD_VALUES } from './json-text.mjs';

/** Bodies of every kind, with the headers that describe them. */

const LOGINS = [
  { username: 'alice', password: 'pass' },
  { username: 'alice', password: 'pass', mode: 'JSON' },
  { username: 'bob', password: 'pass', mode: 'ONE-COOKIE' },
  { username: 'bob', password: 'pass', mode: 'TWO-COOKIES' },
  { username: 'alice', password: 'wrong' },
  { username: 'nobody', password: 'pass' },
  { username: 'carol', password: 'pass' },
  { username: 'x'.repeat(151), password: 'x'.repeat(1025) },
];
const OTHERS = [{}, { jwt_type: 'refresh' }, { jwt_type: 'access' }, { sid: 'x' }, { mode: 'JSON' }];
const NAMES = ['username', 'password', 'mode', 'jwt_type', 'sid', 'refresh', 'access', '__proto__'];
const JSON_TYPES = ['application/json', 'application/json; charset=utf-8', 'APPLICATION/JSON', 'application/ld+json'];
const FORM_TYPE = 'application/x-www-form-urlencoded';
const ODD_TYPES = [
  ...['', ' ', 'text/plain', 'application/json; charset=utf-16', 'application/json;charset=latin1', 'json', '/', ';'],
  ...['multipart/form-data', 'multipart/form-data; boundary=x', 'application/xml', 'application/octet-stream', '*/*'],
  ...[
    'application/json, text/plain',
    'application/',
    '+json',
    'application/+json',
    'text/json',
    '\u00ff',
    'a'.repeat(3000),
  ],
];

/** As many names as fit: what is quadratic in them takes seconds. */
const MANY_NAMES = Array.from({ length: 17_000 }, (_none, index) => index.toString(36));

/** @returns the body's bytes, and its headers as [name, value] */
export function anyBody(random) {
  const fields = random.chance(0.7) ? random.pick(LOGINS) : random.pick(OTHERS);
  const type = (usual) => (random.chance(0.85) ? usual : random.pick([...ODD_TYPES, ...JSON_TYPES, FORM_TYPE]));
  const json = (text) => ({ bytes: Buffer.from(text), headers: [['Content-Type', type(random.pick(JSON_TYPES))]] });
  switch (random.below(12)) {
    case 0:
    case 1:
    case 2:
      return json(mutateJson(random, fields, NAMES));
    case 3:
      return { bytes: formText(random, fields), headers: [['Content-Type', type(FORM_TYPE)]] };
    case 4:
      return { bytes: multipart(fields), headers: [['Content-Type', type('multipart/form-data; boundary=x')]] };
    case 5:
      return json(
        random.pick([nested(random), `{"a":${nested(random)}}`, `${'['.repeat(40_000)}`, '{"a":'.repeat(15_000)]),
      );
    case 6:
      if (random.chance(0.2))
        return json(
          `{${MANY_NAMES.slice(0, 9000)
            .map((name) => `"${name}":0`)
            .join()}}`,
        );
      return json(random.chance(0.2) ? `{"username":"${'x'.repeat(random.pick([99_970, 100_100, 200_000]))}"}` : '');
    case 7:
      return json(`{"username":${random.pick(ODD_VALUES)},"password":${random.pick(ODD_VALUES)}}`);
    case 8:
      return { bytes: Buffer.alloc(0), headers: random.chance(0.5) ? [['Content-Type', random.pick(ODD_TYPES)]] : [] };
    case 9: {
      const coded = random.pick(['gzip', 'deflate', 'br', 'identity', 'x', 'gzip, gzip', '']);
      const body = json(JSON.stringify(fields));
      return { bytes: body.bytes, headers: [...body.headers, ['Content-Encoding', coded]] };
    }
    default:
      return json(JSON.stringify(fields));
  }
}

function formText(random, fields) {
  if (random.chance(0.1)) return Buffer.from(MANY_NAMES.join('&'));
  const pairs = Object.entries(fields).map(
    ([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`,
  );
  const odd = [
    ...['__proto__=1', '__proto__[a]=1', 'username[$ne]=1', 'username=a&username=b', '=', '&', '&&&', '%', '%ff=%fe'],
    ...['a', '=a', 'a=%zz', 'username=%00', 'constructor[prototype][x]=1', 'a[b][c][d][e][f][g][h]=1', '\u00ff=\u00fe'],
    ...['a&'.repeat(30_000), 'username='.repeat(5000), `${'a[]=1&'.repeat(9000)}`, '+', 'username=%u0041', ';'],
  ];
  const at = random.below(pairs.length + 1);
  if (random.chance(0.7)) pairs.splice(at, 0, random.pick(odd));
  return Buffer.from(pairs.join('&'), 'latin1');
}

function multipart(fields) {
  const parts = Object.entries(fields).map(
    ([name, value]) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${value}\r\n`,
  );
  return Buffer.from(`${parts.join('')}--x--\r\n`);
}
