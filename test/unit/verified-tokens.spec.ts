import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { VerifiedTokens } from '../../lib/tokens/verified-tokens.js';

type Cache = VerifiedTokens<{ of: string }>;

const key = { algorithm: 'HS256' as const, verifying: createSecretKey(randomBytes(32)) };
const newToken = (length = 300): string => {
  const text = randomBytes(length).toString('base64url').slice(0, length);
  return `${text.slice(0, 40)}.${text.slice(41, -44)}.${text.slice(-43)}`;
};
const tokens = (count: number, length?: number): string[] => Array.from({ length: count }, () => newToken(length));
const found = (token: string) => ({ header: {}, claims: { of: token }, key });
/** Kept is what comes the second time. */
function keep(cache: Cache, token: string): void {
  for (let time = 0; time < 2; time++) cache.add(token, found(token));
}

describe('the tokens that were verified', () => {
  it('are kept when they come the second time, with what was found out about them', () => {
    const cache: Cache = new VerifiedTokens({ entries: 100, bytes: 100_000 });
    const token = newToken();
    expect(cache.find(token)).toBeUndefined();
    cache.add(token, found(token));
    expect([cache.size, cache.find(token)]).toEqual([0, undefined]);
    cache.add(token, found(token));
    expect(cache.find(token)).toMatchObject({ claims: { of: token }, header: {} });
    expect(cache.find(token)?.key).toBe(key);
    expect(cache.size).toBe(1);
  });

  it('are found by the whole text: one that differs anywhere is another', () => {
    const cache: Cache = new VerifiedTokens({ entries: 100, bytes: 100_000 });
    const token = newToken();
    keep(cache, token);
    for (let index = 0; index < token.length; index++) {
      for (const other of ['A', 'B', '.', '\0', String.fromCharCode(token.charCodeAt(index) + 256)]) {
        const changed = token.slice(0, index) + other + token.slice(index + 1);
        if (changed !== token) expect(cache.find(changed), `at ${String(index)}`).toBeUndefined();
      }
    }
    const others = [
      token.slice(1),
      token.slice(0, -1),
      `${token}A`,
      `A${token}`,
      token + token,
      ` ${token}`,
      '',
      '.',
      '..',
    ];
    for (const other of others) expect(cache.find(other), other).toBeUndefined();
    for (const other of [undefined, null, 7, {}, [token], new String(token)]) {
      expect(cache.find(other as string)).toBeUndefined();
    }
    expect(cache.find(token)).toBeDefined();
  });

  it('never stand for each other where their signatures begin or end alike', () => {
    const cache: Cache = new VerifiedTokens({ entries: 100, bytes: 100_000 });
    const [head, payload, signature] = newToken().split('.') as [string, string, string];
    const alike = [
      `${head}.${payload}.${signature}`,
      `${head}.${newToken().split('.')[1] ?? ''}.${signature}`,
      `${head}.${payload}.${signature.slice(0, 20)}${newToken().slice(-23)}`,
      `${head}.${payload}.${newToken().slice(-23)}${signature.slice(-20)}`,
    ];
    for (const token of alike) keep(cache, token);
    for (const token of alike) {
      const known = cache.find(token);
      if (known !== undefined) expect(known.claims.of).toBe(token);
    }
    expect(cache.find(alike.at(-1) ?? '')).toBeDefined();
  });

  it.each([
    [100, 1_000_000],
    [1, 8192],
    [2, 8192],
    [3, 8192],
    [1_000_000, 8192],
    [1_000_000, 100_000],
  ])('are %d at most and %d bytes at most, however many come', (entries, bytes) => {
    const cache: Cache = new VerifiedTokens({ entries, bytes });
    const all = tokens(3000);
    for (const token of all) {
      keep(cache, token);
      // With one entry each generation has room for one.
      expect(cache.size).toBeLessThanOrEqual(Math.max(entries, 2));
    }
    const kept = all.filter((token) => cache.find(token) !== undefined);
    expect(kept.length).toBeGreaterThan(0);
    expect(kept.join('').length).toBeLessThanOrEqual(bytes);
    for (const token of kept) expect(cache.find(token)?.claims.of ?? token).toBe(token);
  });

  it('stay while they are used, whatever else comes', () => {
    const cache: Cache = new VerifiedTokens({ entries: 100, bytes: 1_000_000 });
    const used = newToken();
    keep(cache, used);
    let misses = 0;
    for (const [index, token] of tokens(2000).entries()) {
      keep(cache, token);
      if (index % 10 === 0 && cache.find(used) === undefined) misses++;
    }
    expect(misses).toBe(0);
  });

  it('are not pushed out by tokens that come once', () => {
    const cache: Cache = new VerifiedTokens({ entries: 10, bytes: 100_000 });
    const used = newToken();
    keep(cache, used);
    for (const token of tokens(2000)) cache.add(token, found(token));
    expect(cache.size).toBe(1);
    expect(cache.find(used)).toBeDefined();
  });

  it('are left out where one alone is too long, and the others are right', () => {
    const cache: Cache = new VerifiedTokens({ entries: 100, bytes: 8192 });
    const [long, short] = [newToken(5000), newToken(100)];
    for (let time = 0; time < 3; time++) for (const token of [long, short]) keep(cache, token);
    expect(cache.find(long)).toBeUndefined();
    keep(cache, short);
    expect(cache.find(short)?.claims.of).toBe(short);
  });

  it('are right through many changes of generation, with tokens of every length', () => {
    const cache: Cache = new VerifiedTokens({ entries: 50, bytes: 20_000 });
    const all = Array.from({ length: 300 }, (_, index) => newToken(90 + index * 7));
    let hits = 0;
    for (let time = 0; time < 20_000; time++) {
      // Some are asked for often, others seldom.
      const token = all[Math.floor(Math.random() ** 3 * all.length)] ?? '';
      const known = cache.find(token);
      if (known === undefined) cache.add(token, found(token));
      else {
        hits++;
        expect(known.claims.of).toBe(token);
      }
    }
    expect(hits).toBeGreaterThan(1000);
  });
});
