import type { ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { FakeIssuer } from '../support/fake-issuer.js';
import { useIssuer } from '../support/issuer-world.js';
import { ringKey } from '../support/rings.js';
import { standing } from '../support/two-apps.js';

const first = ringKey('first', 'ES256');
const second = ringKey('second', 'ES256');
const good = FakeIssuer.jwk(first);

const world = useIssuer(first);
const token = (key = first, header = {}): string =>
  world.issuer.token({ iat: undefined, exp: 9_999_999_999 }, header, key);
const stand = (access = token()): Promise<string> => standing(world.test.tokens, { access });
const json = (body: unknown) => (response: ServerResponse) => response.end(JSON.stringify(body));
const spaces = Buffer.alloc(40 << 20, 0x20);

const unusable: [string, (response: ServerResponse) => unknown, RegExp][] = [
  ['a list among the keys', json({ keys: [[]] }), /no JWK Set/],
  ['a list beside a good key', json({ keys: [[], good] }), /no JWK Set/],
  ['no key', json({ keys: [] }), /empty/],
  ['one key twice', json({ keys: [good, good] }), /two keys/],
  ['two keys of one name', json({ keys: [good, { ...FakeIssuer.jwk(second), kid: 'first' }] }), /two keys/],
  ['101 keys', json({ keys: Array.from({ length: 101 }, (_, at) => ({ ...good, kid: String(at) })) }), /100 keys/],
  [
    'a megabyte',
    (response) => response.end(JSON.stringify({ keys: [{ ...good, x5c: 'A'.repeat(1 << 20) }] })),
    /bytes/,
  ],
  [
    'forty megabytes in forty kilobytes',
    (response) => response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(spaces)),
    /bytes/,
  ],
];
describe.each(ADAPTERS)('a JWK Set on %s', (_name, adapter) => {
  it.each(unusable)('with %s is none: 503, one fetch and one line in the log', async (_what, answer, line) => {
    await world.start(adapter);
    world.issuer.answer = answer;
    for (let time = 0; time < 50; time++) expect(await stand()).toBe('store_unavailable');
    expect(world.issuer.fetches).toBe(1);
    expect(world.logged).toEqual([expect.stringMatching(line)]);
  });

  it('of a hundred keys is one', async () => {
    await world.start(adapter);
    world.issuer.jwks = [
      ...Array.from({ length: 99 }, (_, at) => ({ ...FakeIssuer.jwk(second), kid: String(at) })),
      good,
    ];
    expect(await stand()).toBe('ok');
  });

  it('is fetched by reloadKeys: what is gone is refused and what is new accepted when it resolves', async () => {
    await world.start(adapter);
    const known = token();
    for (let time = 0; time < 3; time++) expect(await stand(known)).toBe('ok');
    world.issuer.jwks = [FakeIssuer.jwk(second)];
    await world.test.tokens.reloadKeys();
    expect(world.issuer.fetches).toBe(2);
    expect(await stand(known)).toBe('token_invalid');
    expect(await stand(token(second))).toBe('ok');
    world.issuer.answer = (response) => response.destroy();
    await expect(world.test.tokens.reloadKeys()).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(await stand(token(second))).toBe('ok');
  });
});

describe('a JWK Set', () => {
  it('that begins to age is fetched anew while nobody waits', async () => {
    await world.start();
    expect(await stand()).toBe('ok');
    const held: ServerResponse[] = [];
    world.issuer.answer = (response) => held.push(response);
    world.wait(301);
    for (let time = 0; time < 3; time++) expect(await stand()).toBe('ok');
    await vi.waitFor(() => {
      expect(held).toHaveLength(1);
    });
    for (const response of held) json({ keys: [FakeIssuer.jwk(second)] })(response);
    await vi.waitFor(async () => {
      expect(await stand(token(second))).toBe('ok');
    });
    expect(await stand()).toBe('token_invalid');
    expect(world.issuer.fetches).toBe(2);
  });

  it('may come to have a second key: the tokens that name none go on (keys.md, from one key to a ring)', async () => {
    await world.start();
    const old = token(first, { kid: undefined });
    expect(await stand(old)).toBe('ok');
    world.issuer.jwks = [FakeIssuer.jwk(second), good];
    await world.test.tokens.reloadKeys();
    expect(await stand(old)).toBe('ok');
    expect(await stand(token(second, { kid: undefined }))).toBe('ok');
    expect(await stand(token(ringKey('third', 'ES256'), { kid: undefined }))).toBe('token_invalid');
    // Of more than a handful nobody tries each.
    world.issuer.jwks = [
      ...Array.from({ length: 4 }, (_, at) => ({ ...FakeIssuer.jwk(second), kid: String(at) })),
      good,
    ];
    await world.test.tokens.reloadKeys();
    expect(await stand(old)).toBe('token_invalid');
    expect(await stand()).toBe('ok');
  });

  it('that drips is given up', async () => {
    await world.start();
    const drips: NodeJS.Timeout[] = [];
    world.issuer.answer = (response) => {
      response.writeHead(200).write(' ');
      drips.push(setInterval(() => response.write(' '), 100));
    };
    expect(await stand()).toBe('store_unavailable');
    for (const drip of drips) clearInterval(drip);
  });
});
