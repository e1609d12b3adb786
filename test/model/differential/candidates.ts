import { sign, type KeyObject } from 'node:crypto';
import type { Algorithm } from 'jwto/jws';
import type { Random } from '../../../fuzz/grammar/random.mjs';
import { draftHeader, draftPayload, respell, warpSignature } from '../../../fuzz/grammar/tokens.mjs';
import { hmac, segment } from '../../support/forge.js';
import { makeKeys, makeRsa, pemOf, type KeyPair } from '../../support/keys.js';
import { signInput } from '../../support/sign-jws.js';

/** An algorithm with its keys, and tokens that were signed before, as signing is what costs most. */
export interface Suite {
  algorithm: Algorithm;
  keys: KeyPair;
  other: KeyPair;
  pool: readonly string[];
}

const CLAIMS = { iss: 'joe', sub: '2', exp: 2e9, iat: 1, sid: 'a', type: 'access', user: { id: 2, username: 'Zoë' } };
const POOL = 150;
/** The orders of the groups: SEC 2 for the curves, RFC 8032 §5.1 for Ed25519. */
const ORDERS: Readonly<Record<string, bigint>> = {
  ES256: 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n,
  ES384: 0xffffffffffffffffffffffffffffffffffffffffffffffffc7634d81f4372ddf581a0db248b0a77aecec196accc52973n,
  ES512: BigInt(
    '0x01fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffa51868783bf2f966b7fcc0148f709a5d03bb5c9b8899c47aebb6fb71e91386409',
  ),
};
const ED25519_ORDER = (1n << 252n) + 27742317777372353535851937790883648493n;

let otherRsa: KeyPair | undefined;

/** Makes keys, and signs what candidates are made of. */
export function makeSuite(random: Random, algorithm: Algorithm): Suite {
  const keys = makeKeys(algorithm);
  const other = /^[RP]S/.test(algorithm) ? (otherRsa ??= makeRsa(2048)) : makeKeys(algorithm);
  const plain = signed(segment({ alg: algorithm, typ: 'JWT' }), segment(CLAIMS), keys.signing, algorithm);
  const pool = Array.from({ length: POOL }, (_none, index) =>
    index < POOL / 3 ? plain : draft(random, keys.signing, algorithm),
  );
  return { algorithm, keys, other, pool };
}

/**
 * A token that is good or nearly so.
 *
 * @param fresh - how probable it is that one is signed for the purpose
 */
export function candidate(random: Random, suite: Suite, fresh: number): string {
  const { algorithm, keys, other, pool } = suite;
  if (random.chance(fresh)) {
    const token = draft(random, keys.signing, algorithm);
    return random.chance(0.2) ? respell(random, token) : token;
  }
  const token = random.pick(pool);
  const [header = '', payload = '', signature = ''] = token.split('.');
  const input = `${header}.${payload}`;
  switch (random.below(11)) {
    case 0:
    case 1:
    case 2:
      return `${input}.${warp(random, suite, input, signature).toString('base64url')}`;
    case 3:
      return signed(header, payload, other.signing, algorithm);
    case 4:
      return foreign(random, suite, payload);
    case 5:
      return `${segment(draftHeader(random, algorithm))}.${payload}.${signature}`;
    case 6:
      return `${header}.${segment(draftPayload(random, CLAIMS))}.${signature}`;
    case 7:
      return respell(random, respell(random, token));
    default:
      return respell(random, token);
  }
}

function draft(random: Random, key: KeyObject, algorithm: Algorithm): string {
  return signed(segment(draftHeader(random, algorithm)), segment(draftPayload(random, CLAIMS)), key, algorithm);
}

function signed(header: string, payload: string, key: KeyObject, algorithm: Algorithm): string {
  const input = `${header}.${payload}`;
  return `${input}.${signInput(input, key, algorithm).toString('base64url')}`;
}

/** Signed by what anybody has: an HMAC keyed with the public key, or with nothing. */
function foreign(random: Random, { algorithm, keys }: Suite, payload: string): string {
  const alg = random.pick(['HS256', 'HS384', 'HS512', algorithm]);
  const input = `${segment({ alg, typ: 'JWT' })}.${payload}`;
  const known = keys.verifying.type === 'secret' ? '' : pemOf(keys.verifying);
  return `${input}.${hmac(input, random.pick([known, known.trim(), '']), alg.replace(/^HS|^\w+$/, 'sha').padEnd(6, '256'))}`;
}

function warp(random: Random, { algorithm, keys }: Suite, input: string, signature: string): Buffer {
  const bytes = Buffer.from(signature, 'base64url');
  if (random.chance(0.8)) return warpSignature(random, bytes);
  const half = bytes.length / 2;
  const order = ORDERS[algorithm];
  if (order !== undefined) {
    // DER, and the other one of the two signatures that a curve has.
    if (random.chance(0.3)) return sign(`sha${algorithm.slice(-3)}`, Buffer.from(input), keys.signing);
    return Buffer.concat([bytes.subarray(0, half), toBytes(order - toInteger(bytes.subarray(half)), half)]);
  }
  if (!algorithm.startsWith('Ed')) return warpSignature(random, bytes);
  const moved = toInteger(Buffer.from(bytes.subarray(half)).reverse()) + ED25519_ORDER;
  return Buffer.concat([bytes.subarray(0, half), toBytes(moved, half).reverse()]);
}

function toInteger(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}

function toBytes(value: bigint, length: number): Buffer {
  return Buffer.from(value.toString(16).padStart(length * 2, '0'), 'hex');
}
