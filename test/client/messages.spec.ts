import { createJwtoClient, type JwtoClientOptions } from 'jwto/client';
import { afterEach, describe, expect, it, vi } from 'vitest';

const ALICE = { username: 'alice', password: 'pass' };
const API = 'http://localhost:3000';

afterEach(() => vi.unstubAllGlobals());

/** What a failed login says on a page of this URL; `undefined` is no page. */
async function message(page: string | undefined, options: Partial<JwtoClientOptions> = {}): Promise<string> {
  vi.stubGlobal('location', page === undefined ? undefined : new URL(page));
  const client = createJwtoClient({
    baseUrl: API,
    mode: 'TWO-COOKIES',
    fetch: () => Promise.reject(new TypeError('Failed to fetch')),
    ...options,
  });
  return client.login(ALICE).then(
    () => 'no error',
    (error: unknown) => (error as Error).message,
  );
}

describe('an answer that does not come', () => {
  it.each(['TWO-COOKIES', 'ONE-COOKIE'] as const)('names CORS on a page of another origin, in %s', async (mode) => {
    expect(await message('http://localhost:5173/app?x', { mode })).toBe(
      "No answer from http://localhost:3000/login/: offline, or the server's CORS settings are missing or do not allow " +
        "this page's origin http://localhost:5173 with credentials",
    );
  });

  it('asks for no credentials in JSON', async () => {
    const text = await message('http://localhost:5173', { mode: 'JSON' });
    expect(text).toMatch(/CORS settings are missing.*origin http:\/\/localhost:5173$/);
  });

  it.each([`${API}/page`, undefined])('says nothing of CORS on %s', async (page) => {
    expect(await message(page)).toBe('No answer from http://localhost:3000/login/: offline?');
  });
});

describe('a cookie that cannot be read', () => {
  const fetch = () => Promise.resolve(new Response('{"msg":"done"}'));
  const cookies = () => '';

  it.each([
    ['http://localhost:5173', 'http://127.0.0.1:3000', 'localhost', '127.0.0.1'],
    ['https://front.example.com', 'https://api.example.com', 'front.example.com', 'api.example.com'],
  ])('names both hosts where a page on %s asks %s', async (page, baseUrl, from, to) => {
    expect(await message(page, { fetch, cookies, baseUrl })).toBe(
      `Cookie "jwt_access_payload" unreadable: pages on ${from} see those of ${to} only with a "domain" above both. ` +
        'Best use one host',
    );
  });

  it.each(['http://localhost:5173', undefined])('does not blame domain on the same host: %s', async (page) => {
    expect(await message(page, { fetch, cookies })).toBe(
      'Cookie "jwt_access_payload" unreadable: another name, or the browser did not keep it',
    );
  });
});
