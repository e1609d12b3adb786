import { Buffer } from 'node:buffer';
import { changeMembers, changeText, membersOf, mutateJson, textOf } from './json-text.mjs';

/** What a compact JWS may be turned into: by what is signed, by how it is spelled, by its signature. */

export const ALGORITHM_NAMES = [
  ...['HS256', 'HS384', 'HS512', 'RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];
const ODD_ALGORITHMS = [
  ...['none', 'None', 'NONE', 'nOnE', '', ' ', 'HS256 ', ' HS256', 'hs256', 'HS256\u0000', 'HS1', 'ES256K', 'Ed448'],
  ...['__proto__', 'toString', 'ＨＳ256', 'A256GCM', 'dir', 'PBES2-HS256+A128KW', 'RSA1_5'],
];
export const HEADER_NAMES = [
  ...['alg', 'typ', 'cty', 'kid', 'crit', 'b64', 'zip', 'enc', 'jwk', 'jku', 'x5u', 'x5c', 'x5t', 'p2c', 'epk', 'iss'],
  ...['exp', '__proto__', 'constructor'],
];
export const CLAIM_NAMES = [
  ...['iss', 'sub', 'aud', 'exp', 'nbf', 'iat', 'jti', 'sid', 'type', 'user', 'refresh_iat', 'auth_time', 'perms'],
  ...['__proto__', 'constructor', 'b64', 'scope'],
];
const TYPES = ['JWT', 'jwt', 'at+jwt', 'refresh+jwt', 'application/at+jwt', 'JOSE', 'JWE', 'secevent+jwt', '', 'JWT '];
const KIDS = [
  '',
  'k',
  'x'.repeat(128),
  'x'.repeat(129),
  '../../dev/null',
  "' UNION SELECT 'a",
  '/proc/self/environ',
  'é',
];
const CRITICAL = [[], ['b64'], ['exp'], ['alg'], ['crit'], ['kid'], null, 'b64', {}, ['b64', 'b64'], ['x'], [1]];

/** A header for an algorithm, usual or not, as bytes. */
export function draftHeader(random, algorithm) {
  const header = { alg: algorithm, typ: 'JWT' };
  switch (random.below(14)) {
    case 0:
      header.alg = random.pick([...ALGORITHM_NAMES, ...ODD_ALGORITHMS]);
      break;
    case 1:
      header.alg = random.pick([null, 1, true, [algorithm], { toString: algorithm }, { [algorithm]: 1 }]);
      break;
    case 2:
      delete header.alg;
      break;
    case 3:
      header.crit = random.pick(CRITICAL);
      if (random.chance(0.5)) header.b64 = random.pick([true, false, null, 'false', 0]);
      break;
    case 4:
      header.b64 = random.pick([true, false, null, 'false', 0]);
      break;
    case 5:
      header.kid = random.pick([...KIDS, 1, null, [], {}]);
      break;
    case 6:
      header.typ = random.pick([...TYPES, 1, null, ['JWT'], {}]);
      break;
    case 7:
      Object.assign(header, random.pick(FOREIGN_KEYS));
      break;
    case 8:
      Object.assign(
        header,
        random.pick([{ zip: 'DEF' }, { enc: 'A256GCM' }, { p2c: 1e9 }, { cty: 'JWT' }, { x: 'é😀' }]),
      );
      break;
    case 9:
      return duplicateAlgorithm(random, algorithm);
    case 10:
    case 11:
      return mutateJson(random, header, HEADER_NAMES);
    case 12:
      if (random.chance(0.02)) header.pad = 'p'.repeat(random.pick([4000, 8100, 9000]));
      break;
    default:
      if (random.chance(0.5)) delete header.typ;
  }
  return Buffer.from(JSON.stringify(header));
}

const FOREIGN_KEYS = [
  { jwk: { kty: 'oct', k: 'c2VjcmV0' } },
  { jku: 'http://127.0.0.1:1/jwks.json' },
  { x5u: 'file:///dev/zero' },
  { x5c: ['MIIB'] },
];

function duplicateAlgorithm(random, algorithm) {
  const members = membersOf({ alg: algorithm, typ: 'JWT' });
  const other = JSON.stringify(random.pick([...ALGORITHM_NAMES, 'none', null]));
  const name = random.pick(['"alg"', '"\\u0061lg"', '"alg\\u0000"', '"Alg"', '"__proto__"']);
  members.splice(random.below(3), 0, [name, other]);
  return Buffer.from(random.chance(0.2) ? changeText(random, textOf(members)) : textOf(members));
}

/** Claims, usual or not, as bytes. */
export function draftPayload(random, claims) {
  switch (random.below(8)) {
    case 0:
    case 1:
    case 2:
      return mutateJson(random, claims, CLAIM_NAMES);
    case 3:
      return Buffer.from(changeText(random, JSON.stringify(claims)));
    case 4:
      return Buffer.from(textOf(changeMembers(random, membersOf(claims), CLAIM_NAMES)));
    case 5:
      return Buffer.from(Array.from({ length: random.below(40) }, () => random.below(256)));
    default:
      return Buffer.from(JSON.stringify(claims));
  }
}

/** How a finished token may be spelled instead. */
export function respell(random, token) {
  const segments = token.split('.');
  const which = random.below(segments.length);
  const edited = (edit) => segments.map((segment, index) => (index === which ? edit(segment) : segment)).join('.');
  const at = random.below(token.length + 1);
  switch (random.below(20)) {
    case 0:
      return edited((segment) => segment + '='.repeat(1 + random.below(3)));
    case 1:
      return edited((segment) => segment.replaceAll('-', '+').replaceAll('_', '/'));
    case 2:
      return edited((segment) => segment.replace(/-|_|.$/, (letter) => (letter === '-' ? '+' : '/')));
    case 3:
    case 4:
      return edited(twinOf);
    case 5:
      return edited((segment) => random.pick([' ', '\n', '\t', '\r\n', '\u0000', '%20']) + segment);
    case 6:
      return edited(
        (segment) => segment + random.pick([' ', '\n', '\t', '\u0000', '!', '~', '.', '\u00ff', 'é', '\u0141']),
      );
    case 7:
      return (
        token.slice(0, at) +
        random.pick([' ', '\n', '=', '.', '+', '/', '*', 'A', '\u00e9', '\u2024', '%2E']) +
        token.slice(at)
      );
    case 8:
      return token.slice(0, at) + token.slice(at + 1 + random.below(3));
    case 9:
      return token.slice(0, at);
    case 10:
      return edited(() => '');
    case 11:
      return segments.filter((_segment, index) => index !== which).join('.');
    case 12:
      return [...segments, random.pick(['', 'e30', segments[which]])].join('.');
    case 13:
      return [segments[1], segments[0], segments[2]].join('.');
    case 14:
      return random.pick([
        '.',
        '..',
        '...',
        '',
        'a.b.c',
        'e30.e30.e30',
        '....',
        'null',
        'undefined',
        '[object Object]',
      ]);
    case 15:
      return JSON.stringify({ protected: segments[0], payload: segments[1], signature: segments[2] });
    case 16:
      return [segments[0], '', segments[1], segments[2], 'AAAA'].join('.');
    case 17:
      return edited((segment) => segment.toLowerCase());
    case 18:
      return random.pick([' ', '\n', '"', 'Bearer ', '\ufeff']) + token + random.pick(['', ' ', '\n', '"']);
    default:
      return edited((segment) => segment.slice(0, -1) + random.pick(['A', 'Q', 'g', 'w', '-', '']));
  }
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** The same bytes in another spelling: bits that base64url leaves unused are set (RFC 4648 section 3.5). */
export function twinOf(segment) {
  if (segment.length % 4 < 2) return `${segment}=`;
  const last = ALPHABET.indexOf(segment.at(-1) ?? '');
  return segment.slice(0, -1) + (ALPHABET[last ^ 1] ?? 'A');
}

/** What a signature's bytes may be turned into, without a key. */
export function warpSignature(random, signature) {
  const { length } = signature;
  const half = length / 2;
  switch (random.below(10)) {
    case 0:
      return signature.subarray(0, random.below(length));
    case 1:
      return Buffer.concat([signature, Buffer.alloc(1 + random.below(8))]);
    case 2:
      return Buffer.concat([Buffer.alloc(1), signature]);
    case 3:
      return Buffer.concat([signature.subarray(half), signature.subarray(0, half)]);
    case 4:
      return Buffer.alloc(length, random.pick([0, 1, 0xff]));
    case 5:
      return Buffer.concat([Buffer.alloc(half), signature.subarray(half)]);
    case 6:
      return Buffer.concat([signature.subarray(0, half), Buffer.alloc(half)]);
    case 7:
      return Buffer.from(signature).reverse();
    default: {
      const flipped = Buffer.from(signature);
      flipped[random.below(length)] ^= 1 << random.below(8);
      return flipped;
    }
  }
}
