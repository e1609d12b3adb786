import { createHmac, randomInt, type KeyObject } from 'node:crypto';
import { StoreUnavailableError } from '../errors/store-errors.js';
import { isSameText, type CsrfScheme } from './csrf-scheme.js';

/** Django's CSRF_ALLOWED_CHARS. */
const ALPHABET = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const SIZE = ALPHABET.length;
/** Django's CSRF_SECRET_LENGTH; a masked token, CSRF_TOKEN_LENGTH, is the mask and the secret moved by it. */
const SECRET_LENGTH = 32;
const TOKEN = /^(?:[a-zA-Z0-9]{32}|[a-zA-Z0-9]{64})$/;

/**
 * CSRF tokens in Django's form, as `django.middleware.csrf` makes and compares them: 64 characters, the secret of 32
 * behind a mask, or the secret as it is; two are equal whose secrets are. Django's secret is random and of nobody. Ours
 * is derived from the session, which a client cannot see and a planted pair does not survive.
 */
export class DjangoTokens implements CsrfScheme {
  /** @param secrets - those that count now; the first one's tokens are given out */
  constructor(private readonly secrets: () => readonly KeyObject[]) {}

  issue(sid: string): string {
    const [secret] = this.secrets();
    if (secret === undefined) throw new StoreUnavailableError(new Error('no key of the ring can derive a CSRF token'));
    return mask(derive(secret, sid));
  }

  isFor(sid: string, token: string): boolean {
    const own = secretOf(token);
    return own !== undefined && this.secrets().some((secret) => isSameText(derive(secret, sid), own));
  }

  isCurrentFor(sid: string, token: string): boolean {
    const [secret] = this.secrets();
    const own = secretOf(token);
    return secret !== undefined && own !== undefined && isSameText(derive(secret, sid), own);
  }

  isPair(cookie: string, sent: string): boolean {
    const [one, other] = [secretOf(cookie), secretOf(sent)];
    return one !== undefined && other !== undefined && isSameText(one, other);
  }

  isWellFormed(token: string): boolean {
    return TOKEN.test(token);
  }
}

/** 32 characters from 512 bits: what the remainder leaves uneven is beyond 2^-300. */
function derive(secret: KeyObject, sid: string): string {
  let number = BigInt(`0x${createHmac('sha512', secret).update(`django.${sid}`).digest('hex')}`);
  let text = '';
  while (text.length < SECRET_LENGTH) {
    text += characterAt(Number(number % BigInt(SIZE)));
    number /= BigInt(SIZE);
  }
  return text;
}

/** Django's `_mask_cipher_secret`. */
function mask(secret: string): string {
  const mask = Array.from({ length: SECRET_LENGTH }, () => characterAt(randomInt(SIZE))).join('');
  return mask + combine(secret, mask, (x, y) => x + y);
}

/** Django's `_sanitize_token` and `_unmask_cipher_token`; `undefined` for what is neither a secret nor a masked one. */
function secretOf(token: string): string | undefined {
  if (!TOKEN.test(token)) return undefined;
  if (token.length === SECRET_LENGTH) return token;
  return combine(token.slice(SECRET_LENGTH), token.slice(0, SECRET_LENGTH), (x, y) => x - y + SIZE);
}

function combine(one: string, other: string, add: (x: number, y: number) => number): string {
  return Array.from(one, (character, at) =>
    characterAt(add(ALPHABET.indexOf(character), ALPHABET.indexOf(other.charAt(at))) % SIZE),
  ).join('');
}

function characterAt(index: number): string {
  return ALPHABET.charAt(index);
}
