import { randomUUID } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { FakeIssuer } from '../support/fake-issuer.js';
import { jwkOf, makeRsa, makeSecret } from '../support/keys.js';
import { expectRefusal } from '../support/refusals.js';
import { useIssuer } from '../support/issuer-world.js';
import { ringKey } from '../support/rings.js';
import { standing } from '../support/two-apps.js';

const first = ringKey('first', 'ES256');
const second = ringKey('second', 'ES256');
const MINUTE = 60;

const world = useIssuer(first, { algorithms: ['ES256', 'RS256'] });
const stand = (access: string): Promise<string> => standing(world.test.tokens, { access });
// The application's clock stands, and an iat to come is refused.
const token = (key = first): string => world.issuer.token({ iat: undefined, exp: 9_999_999_999 }, {}, key);
const flood = (count: number): Promise<string[]> =>
  Promise.all(Array.from({ length: count }, () => stand(world.issuer.token({}, { kid: randomUUID() }))));

describe('the keys of another issuer', () => {
  it('are fetched when the first token comes, once for all that come together', async () => {
    await world.start();
    expect(world.issuer.fetches).toBe(0);
    expect(new Set(await Promise.all(Array.from({ length: 30 }, () => stand(token()))))).toEqual(new Set(['ok']));
    expect(world.issuer.fetches).toBe(1);
    await stand((await world.test.tokens.issue(world.test.users.named('bob'))).access);
    expect(world.issuer.fetches).toBe(1);
  });

  it('may change: a new one is fetched half a minute after the last fetch, not earlier', async () => {
    await world.start();
    expect(await stand(token())).toBe('ok');
    world.issuer.jwks.push(FakeIssuer.jwk(second));
    world.wait(29);
    expect(await stand(token(second))).toBe('token_invalid');
    world.wait(2);
    expect(await stand(token(second))).toBe('ok');
    expect(await stand(token())).toBe('ok');
    expect(world.issuer.fetches).toBe(2);
  });

  it('end with the set: tokens of one that is gone are refused when it is fetched again, also known ones', async () => {
    await world.start();
    for (let time = 0; time < 3; time++) expect(await stand(token())).toBe('ok');
    const known = token();
    world.issuer.jwks = [FakeIssuer.jwk(second)];
    expect(await stand(known)).toBe('ok');
    world.wait(11 * MINUTE);
    expect(await stand(known)).toBe('token_invalid');
    expect(await stand(token(second))).toBe('ok');
  });

  it('may be others under the same name: what the former one has signed is refused, also where it is known', async () => {
    await world.start();
    const known = token();
    for (let time = 0; time < 3; time++) expect(await stand(known)).toBe('ok');
    const renamed = { ...second, kid: 'first' };
    world.issuer.jwks = [FakeIssuer.jwk(renamed)];
    world.wait(11 * MINUTE);
    expect(await stand(known)).toBe('token_invalid');
    expect(await stand(token(renamed))).toBe('ok');
  });

  it('are not fetched for a flood of unknown names: once in half a minute', async () => {
    await world.start();
    expect(new Set(await flood(100))).toEqual(new Set(['token_invalid']));
    expect(world.issuer.fetches).toBe(1);
    world.wait(31);
    await flood(100);
    await flood(100);
    expect(world.issuer.fetches).toBe(2);
    expect(await stand(token())).toBe('ok');
    expect(world.logged).toEqual([]);
  });

  it('are asked for by name where a token has one', async () => {
    await world.start();
    world.issuer.jwks.push(FakeIssuer.jwk(second));
    expect(await stand(token(second))).toBe('ok');
    expect(await stand(world.issuer.token({}, { kid: undefined }))).toBe('ok');
    expect(await stand(world.issuer.token({}, { kid: 'second' }))).toBe('token_invalid');
  });

  it('that are known go on while the issuer is away, for ten minutes', async () => {
    await world.start();
    expect(await stand(token())).toBe('ok');
    world.issuer.answer = (response) => response.destroy();
    world.wait(9 * MINUTE);
    expect(await stand(token())).toBe('ok');
    world.wait(2 * MINUTE);
    expect(await stand(token())).toBe('store_unavailable');
    world.issuer.answer = undefined;
    world.wait(11);
    expect(await stand(token())).toBe('ok');
  });

  const weak = { ...ringKey('weak', 'RS256'), signingKey: makeRsa(1024).signing };
  const strong = ringKey('strong', 'RS256');
  const bad = {
    private: { ...FakeIssuer.jwk(second), ...jwkOf(second.signingKey), kid: 'bad' },
    'a secret': { ...jwkOf(makeSecret(32).signing), kid: 'bad' },
    'a secret that calls itself ES256': { ...jwkOf(makeSecret(32).signing), kid: 'bad', alg: 'ES256' },
    'off its curve': { ...FakeIssuer.jwk(second), kid: 'bad', x: 'AAAA', y: 'AAAA' },
    'of another curve': { ...FakeIssuer.jwk(ringKey('bad', 'ES384')), kid: 'bad', alg: 'ES256' },
    'for encryption': { ...FakeIssuer.jwk(second), kid: 'bad', use: 'enc' },
    'for another algorithm': { ...FakeIssuer.jwk(second), kid: 'bad', alg: 'ES384' },
    'of no kind': { kid: 'bad' },
  };
  it.each(Object.entries(bad))('that are %s are not used, and the others are', async (_what, jwk) => {
    await world.start();
    world.issuer.jwks.push(jwk);
    const claims = token({ ...second, kid: 'bad' });
    expect(await stand(token())).toBe('ok');
    for (let time = 0; time < 20; time++) expect(await stand(claims)).toBe('token_invalid');
    expect(await stand(token())).toBe('ok');
    expect(world.issuer.fetches).toBe(1);
    expect(world.logged.length).toBeLessThanOrEqual(1);
    // Whoever sends such tokens keeps nobody else's keys from being fetched.
    world.wait(11 * MINUTE);
    await stand(claims);
    expect(await stand(token())).toBe('ok');
    expect(JSON.stringify(world.logged)).not.toContain('"d"');
  });

  it('that are too short are not used, which is warned of once', async () => {
    await world.start();
    world.issuer.jwks = [FakeIssuer.jwk(weak), FakeIssuer.jwk(strong)];
    for (let time = 0; time < 20; time++) expect(await stand(token(weak))).toBe('token_invalid');
    expect(await stand(token(strong))).toBe('ok');
    expect(world.logged).toEqual([expect.stringContaining('2048')]);
  });
});

const outages: [string, (response: ServerResponse) => unknown][] = [
  ['that is cut off', (response) => response.destroy()],
  ['500', (response) => response.writeHead(500).end()],
  ['404 with a JWK Set', (response) => response.writeHead(404).end(JSON.stringify({ keys: [FakeIssuer.jwk(first)] }))],
  ['a redirect, which is not followed', (response) => response.writeHead(302, { location: '/elsewhere' }).end()],
  ['a page of a proxy', (response) => response.end('<html>Please sign in</html>')],
  ['half a JWK Set', (response) => response.end('{"keys":[')],
  ['no list of keys', (response) => response.end('{"keys":{}}')],
  ['keys that are no objects', (response) => response.end('{"keys":[7,null]}')],
  ['a list', (response) => response.end('[]')],
];
const CASES = ADAPTERS.flatMap(([name, adapter]) => outages.map((outage) => [...outage, name, adapter] as const));

describe.each(CASES)('an issuer that answers with %s', (_what, answer, _name, adapter) => {
  it('makes its tokens wait: 503, one fetch and one line in the log in ten seconds', async () => {
    await world.start(adapter);
    world.issuer.answer = answer;
    const client = world.test.client();
    client.bearer = token();
    for (let time = 0; time < 10; time++) {
      const refused = await expectRefusal(world.test, () => client.get('/testapp/protect'), {
        status: 503,
        code: 'store_unavailable',
      });
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    await flood(20);
    expect([world.issuer.fetches, world.logged.length]).toEqual([1, 1]);
    expect(world.logged[0]).toContain(world.issuer.url);
    await client.login();
    expect((await client.get('/testapp/protect')).text).toBe('worked!');

    world.wait(11);
    expect(await stand(token())).toBe('store_unavailable');
    expect([world.issuer.fetches, world.logged.length]).toEqual([2, 2]);
    world.issuer.answer = undefined;
    world.wait(11);
    expect(await stand(token())).toBe('ok');
    expect(world.issuer.strays).toEqual([]);
  });
});

describe('an issuer that does not answer', () => {
  it('is given up after five seconds', async () => {
    await world.start();
    world.issuer.answer = () => undefined;
    const began = process.hrtime.bigint();
    expect(new Set(await Promise.all([stand(token()), stand(token()), stand(token())]))).toEqual(
      new Set(['store_unavailable']),
    );
    expect(Number(process.hrtime.bigint() - began) / 1e9).toBeLessThan(7);
    expect([world.issuer.fetches, world.logged.length]).toEqual([1, 1]);
  });

  it('is not even asked about tokens of others', async () => {
    await world.start();
    world.issuer.answer = () => undefined;
    const own = await world.test.tokens.issue(world.test.users.named('bob'));
    expect(await stand(own.access)).toBe('ok');
    expect(await stand(world.issuer.token({ iss: 'https://other.example' }))).toBe('token_invalid');
    expect(await stand(world.issuer.token({}, { alg: 'HS256' }))).toBe('token_invalid');
    expect(world.issuer.fetches).toBe(0);
  });
});
