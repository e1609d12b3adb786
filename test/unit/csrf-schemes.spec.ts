import { createSecretKey, randomBytes, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { CsrfTokens } from '../../lib/csrf/csrf-tokens.js';
import { DjangoTokens } from '../../lib/csrf/django-tokens.js';
import { unmaskToken } from '../support/django-csrf.js';

const [older, newer, stranger] = [32, 32, 32].map((bytes) => createSecretKey(randomBytes(bytes))) as [
  KeyObject,
  KeyObject,
  KeyObject,
];

describe.each([
  ['signed', CsrfTokens],
  ['Django’s', DjangoTokens],
] as const)('%s CSRF tokens', (_name, Scheme) => {
  const before = new Scheme(() => [older]);
  const now = new Scheme(() => [newer, older]);

  it('live through a change of the secret, and tell that there is a newer one', () => {
    const token = before.issue('sid');
    expect([now.isFor('sid', token), now.isCurrentFor('sid', token)]).toEqual([true, false]);
    expect([before.isFor('sid', token), before.isCurrentFor('sid', token)]).toEqual([true, true]);
    const renewed = now.issue('sid');
    expect([now.isCurrentFor('sid', renewed), before.isFor('sid', renewed)]).toEqual([true, false]);
  });

  it('are of one session and of one secret', () => {
    const token = now.issue('sid');
    expect(now.isFor('other', token)).toBe(false);
    expect(new Scheme(() => [stranger]).isFor('sid', token)).toBe(false);
    expect(new Scheme(() => []).isFor('sid', token)).toBe(false);
    expect(() => new Scheme(() => []).issue('sid')).toThrow(expect.objectContaining({ code: 'store_unavailable' }));
  });

  it('are new each time, and of the form that they have', () => {
    const tokens = Array.from({ length: 200 }, () => now.issue('sid'));
    expect(new Set(tokens).size).toBe(200);
    expect(tokens.every((token) => now.isWellFormed(token) && now.isFor('sid', token))).toBe(true);
    for (const other of ['', 'x', `${tokens[0] ?? ''}a`, '-'.repeat(64), 'ä'.repeat(65)]) {
      expect([other, now.isWellFormed(other), now.isFor('sid', other)]).toEqual([other, false, false]);
    }
  });

  it('are pairs with themselves', () => {
    const [one, other] = [now.issue('sid'), now.issue('other')];
    expect([now.isPair(one, one), now.isPair(one, other), now.isPair('', one)]).toEqual([true, false, false]);
  });
});

it('the secret in Django’s tokens is the session’s, whatever the mask, and of the whole alphabet', () => {
  const tokens = new DjangoTokens(() => [newer]);
  const secretOf = (sid: string): string => unmaskToken(tokens.issue(sid));
  const secrets = Array.from({ length: 200 }, (_one, at) => secretOf(`sid-${String(at)}`));
  expect(secrets[7]).toBe(secretOf('sid-7'));
  expect(new Set(secrets).size).toBe(200);
  expect(new Set(secrets.join('')).size).toBe(62);
  expect(secrets.every((secret) => secret.length === 32 && !tokens.isFor('x', secret))).toBe(true);
});
