import { Buffer } from 'node:buffer';
import { createHmac } from 'node:crypto';
import { changeMembers, membersOf, textOf } from './json-text.mjs';
import { draftHeader, draftPayload, respell, warpSignature } from './tokens.mjs';

/** A compact JWS by HMAC-SHA256. */
export function sign(header, payload, secret) {
  const input = [header, payload].map((bytes) => Buffer.from(bytes).toString('base64url')).join('.');
  return `${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`;
}

/** A token: good, forged with the right key, or spoilt. */
export function anyToken(random, { tokens, secret }, kind = random.pick(['access', 'access', 'refresh'])) {
  const good = random.pick(tokens)[kind];
  const [, claims = '', signature = ''] = good.split('.');
  switch (random.below(7)) {
    case 0:
    case 1:
      return good;
    case 2:
      return sign(draftHeader(random, 'HS256'), Buffer.from(claims, 'base64url'), secret);
    case 3: {
      const members = changeMembers(random, membersOf(JSON.parse(Buffer.from(claims, 'base64url'))), CLAIMS);
      return sign('{"alg":"HS256","typ":"JWT"}', textOf(members), secret);
    }
    case 4:
      return sign('{"alg":"HS256"}', draftPayload(random, JSON.parse(Buffer.from(claims, 'base64url'))), secret);
    case 5:
      return good.replace(/[^.]+$/, warpSignature(random, Buffer.from(signature, 'base64url')).toString('base64url'));
    default:
      return latin1(respell(random, good));
  }
}

const CLAIMS = ['exp', 'nbf', 'iat', 'jti', 'sid', 'type', 'user', 'sub', 'auth_time', 'refresh_iat'];

/** Only what can be one byte each, and no line break, so that the request stays one request. */
export function latin1(text) {
  return Array.from(text.replace(/[\r\n]/g, ' '), (letter) => (letter > '\u00ff' ? '?' : letter)).join('');
}
