import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Answer } from '../support/client.js';
import { sendRaw } from '../support/raw-http.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const MISSING = { status: 400, code: 'credentials_missing', events: ['jwto.login_failed'] } as const;
const INVALID = { status: 401, code: 'credentials_invalid', events: ['jwto.login_failed'] } as const;
/** What is no credential: missing, empty, or no text. */
const NONE: unknown[] = [
  undefined,
  null,
  '',
  0,
  1,
  true,
  false,
  [],
  ['alice'],
  ['alice', 'bob'],
  {},
  { $ne: 1 },
  { $gt: '' },
  { $regex: '.*' },
  { _type: 'not', _value: '' },
  { toString: 'alice' },
];

describe.each(ADAPTERS)('credentials on %s', (_name, adapter) => {
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ adapter });
  });
  beforeEach(() => {
    test.users.asked.length = 0;
  });
  afterAll(() => test.close());

  const json = (body: unknown): Promise<Answer> => jsonText(JSON.stringify(body));
  const jsonText = (body: string): Promise<Answer> =>
    sendRaw(test.url, { path: '/login/', headers: ['Content-Type: application/json'], body });
  const form = (body: string): Promise<Answer> =>
    sendRaw(test.url, { path: '/login/', headers: ['Content-Type: application/x-www-form-urlencoded'], body });
  const named = ({ json: { error = '' } }: Answer): string[] => error.match(/username|password/g) ?? [];

  it('are taken from JSON and from a form', async () => {
    for (const answer of [
      await json({ username: 'alice', password: 'pass' }),
      await form('username=alice&password=pass'),
    ]) {
      expect(answer.json).toEqual({ access: expect.any(String), refresh: expect.any(String) });
    }
    expect(test.users.asked).toEqual(['alice', 'alice']);
  });

  it.each(NONE.map((value) => [JSON.stringify(value), value]))('%s is none', async (_text, value) => {
    expect(named(await expectRefusal(test, () => json({ username: value, password: 'pass' }), MISSING))).toEqual([
      'username',
    ]);
    expect(named(await expectRefusal(test, () => json({ username: 'alice', password: value }), MISSING))).toEqual([
      'password',
    ]);
    expect(named(await expectRefusal(test, () => json({ username: value, password: value }), MISSING))).toEqual([
      'username',
      'password',
    ]);
    expect(test.users.asked).toEqual([]);
  });

  it.each([
    ['username[$ne]=1&password[$ne]=1', ['username', 'password']],
    ['username[]=alice&password[]=pass', ['username', 'password']],
    ['username=alice&username=bob&password=pass', ['username']],
    ['username=alice&password=pass&password=pass', ['password']],
    ['username=&password=', ['username', 'password']],
    ['username&password', ['username', 'password']],
    ['USERNAME=alice&Password=pass', ['username', 'password']],
    ['user.name=alice&constructor[prototype][username]=alice', ['username', 'password']],
    ['%', ['username', 'password']],
  ])('the form %s has none', async (body, fields) => {
    expect(named(await expectRefusal(test, () => form(body), MISSING))).toEqual(fields);
    expect(test.users.asked).toEqual([]);
  });

  it('of "0" are there, and wrong', async () => {
    await expectRefusal(test, () => json({ username: '0', password: '0' }), INVALID);
    expect(test.users.asked).toEqual(['0']);
  });

  it('that are too long look like wrong ones, and nobody hashes them', async () => {
    const wrong = await expectRefusal(test, () => json({ username: 'alice', password: 'wrong' }), INVALID);
    test.users.asked.length = 0;
    const bodies = [
      { username: 'a'.repeat(151), password: 'pass' },
      { username: '\u{1F600}'.repeat(151), password: 'pass' },
      { username: 'alice', password: 'p'.repeat(1025) },
      { username: 'alice', password: '\u{1F600}'.repeat(1025) },
      { username: 'a'.repeat(20_000), password: 'p'.repeat(60_000) },
    ];
    for (const body of bodies) expect((await expectRefusal(test, () => json(body), INVALID)).text).toBe(wrong.text);
    expect(test.users.asked).toEqual([]);
  });

  it('of the greatest length, in characters and not in bytes, are looked at', async () => {
    const bodies = [
      { username: 'a'.repeat(150), password: 'p'.repeat(1024) },
      { username: '\u{1F600}'.repeat(150), password: '\u{1F600}'.repeat(1024) },
    ];
    for (const body of bodies) await expectRefusal(test, () => json(body), INVALID);
    expect(test.users.asked).toEqual(bodies.map(({ username }) => username));
  });

  it.each([
    ['a NUL', 'ali\\u0000ce'],
    ['half of a surrogate pair', 'ali\\ud800ce'],
    ['the other half', 'ali\\udc00ce'],
    ['SQL', "' OR '1'='1' --"],
    ['white space', ' alice '],
    ['another case', 'ALICE'],
    ['a combining accent', 'alice\\u0301'],
    ['__proto__', '__proto__'],
  ])('with %s in the name are wrong ones', async (_what, username) => {
    await expectRefusal(test, () => jsonText(`{"username":"${username}","password":"pass"}`), INVALID);
  });

  it.each(['pa\\u0000ss', 'pass\\u0000', 'pass\\ud800', ' pass', 'Pass'])(
    'with the password %s are wrong ones',
    async (password) => {
      await expectRefusal(test, () => jsonText(`{"username":"alice","password":"${password}"}`), INVALID);
    },
  );

  it('with a broken encoding in a form are no error of the server', async () => {
    for (const username of ['%ED%A0%80', '%FF%FE', '%00', '%E0%A4%A', '%zz', '\u00e4']) {
      await expectRefusal(test, () => form(`username=${username}&password=pass`), INVALID);
    }
  });

  it('set no claim and no column beside them', async () => {
    const more = { id: 3, perms: ['perm1'], isActive: true, sub: '3', user: { id: 3 }, sid: 'x', exp: 9_999_999_999 };
    const { access = '' } = (await json({ username: 'alice', password: 'pass', ...more })).json;
    const client = test.client();
    client.bearer = access;
    expect((await client.get('/testapp/claims')).json).toMatchObject({
      sub: '1',
      user: { id: 1, username: 'alice', perms: [] },
    });
    await expectRefusal(test, () => client.get('/testapp/perms_protect'), { status: 403, code: 'permission_denied' });
  });

  it('are never in an event or in a refusal', async () => {
    const password = 'the-secret-of-a-typo';
    const answer = await json({ username: 'alice', password });
    expect(answer.text).not.toContain(password);
    expect(JSON.stringify(test.events)).not.toContain(password);
  });
});
