// Tokens as a jwto instance signs them, as many as wanted, and as an HTTP parser hands them over.
import { Buffer } from 'node:buffer';
import { randomBytes, sign as signAsymmetric, createHmac } from 'node:crypto';

const base64url = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A signer of compact JWS by a key of `node:crypto`. */
function signerOf(algorithm, key) {
  const hash = `sha${algorithm.slice(2)}`;
  if (algorithm.startsWith('HS')) return (input) => createHmac(hash, key).update(input).digest('base64url');
  if (algorithm === 'EdDSA') return (input) => signAsymmetric(null, Buffer.from(input), key).toString('base64url');
  const options = { key, dsaEncoding: 'ieee-p1363' };
  return (input) => signAsymmetric(hash, Buffer.from(input), options).toString('base64url');
}

/**
 * Makes tokens that differ from one that was issued in session, `jti` and user. Guards let tokens of sessions that were
 * never revoked pass, so no rows are needed.
 *
 * @param issued - an access token of the instance
 */
export function tokenMaker(issued, algorithm, key) {
  const [header, payload] = issued.split('.');
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const signer = signerOf(algorithm, key);
  const exp = Math.floor(Date.now() / 1000) + 6 * 3600;
  return (index) => {
    const [sid, jti] = [randomBytes(16).toString('base64url'), randomBytes(16).toString('base64url')];
    const user = { ...claims.user, id: index, username: `user-${index}` };
    const own = base64url({ ...claims, sub: String(index), user, sid, jti, exp });
    const input = `${header}.${own}`;
    return `${input}.${signer(input)}`;
  };
}

/** A token with one character of its signature changed. */
export function forged(token) {
  const at = token.length - 10;
  return token.slice(0, at) + (token[at] === 'A' ? 'B' : 'A') + token.slice(at + 1);
}

/**
 * Header values that are new strings each time, as Node's HTTP parser makes them: nothing has hashed or compared them.
 */
export class HeaderValues {
  constructor(tokens) {
    const values = tokens.map((token) => `Bearer ${token}`);
    this.bytes = Buffer.from(values.join(''), 'latin1');
    this.ends = new Uint32Array(values.length + 1);
    values.forEach((value, index) => (this.ends[index + 1] = this.ends[index] + value.length));
    this.count = values.length;
  }

  at(index) {
    return this.bytes.latin1Slice(this.ends[index], this.ends[index + 1]);
  }
}
