import { randomInt } from 'node:crypto';

/** `django.middleware.csrf` in TypeScript, written from Django 3.2's source and from nothing of ours. */
const CSRF_ALLOWED_CHARS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';

/** `_get_new_csrf_string` */
export function newSecret(): string {
  return Array.from({ length: 32 }, () => CSRF_ALLOWED_CHARS[randomInt(62)]).join('');
}

/** `_mask_cipher_secret` */
export function maskSecret(secret: string, mask = newSecret()): string {
  return mask + shift(secret, mask, 1);
}

/** `_unmask_cipher_token` */
export function unmaskToken(token: string): string {
  return shift(token.slice(32), token.slice(0, 32), -1);
}

function shift(text: string, mask: string, sign: 1 | -1): string {
  const index = (character: string): number => CSRF_ALLOWED_CHARS.indexOf(character);
  return Array.from(text, (character, at) => {
    const moved = index(character) + sign * index(mask.charAt(at));
    return CSRF_ALLOWED_CHARS.at(sign === 1 ? moved % 62 : moved);
  }).join('');
}
