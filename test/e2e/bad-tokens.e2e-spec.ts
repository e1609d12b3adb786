import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { forge, HEADER, hmac, segment } from '../support/forge.js';
import { sendRaw } from '../support/raw-http.js';
import { expectNothingDone, expectRefusal, storedRows } from '../support/refusals.js';
import { SIGNING_KEY } from '../support/test-app.js';
import { TokenAttack } from '../support/token-attack.js';

const BASE64URL = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
/** Claims that are never good enough: what they are signed with is. */
const SOME = { sub: '3' };

/** The same bytes in another spelling: the unused low bits of the last character set (RFC 4648 §3.5). */
function twin(text: string): string {
  const last = BASE64URL.indexOf(text.slice(-1));
  return text.slice(0, -1) + (BASE64URL[last + 1] ?? '');
}

/** A payload of which base64 needs all of its alphabet, and a length that leaves unused bits. */
function longPayload(claims: object): string {
  const text = JSON.stringify({ ...claims, all: '>>>???~~~<<<þÿ' });
  return text.slice(0, -1) + ' '.repeat(1 + ((3 - (Buffer.byteLength(text) % 3)) % 3)) + '}';
}

describe.each(ADAPTERS)('tokens in a wrong form on %s', (_name, adapter) => {
  let attack: TokenAttack;
  let [head, payload, signature] = ['', '', ''];
  beforeAll(async () => {
    attack = await TokenAttack.start({ adapter });
    [head = '', payload = '', signature = ''] = attack.access.split('.');
  });
  afterAll(() => attack.test.close());

  it.each([
    ['no token at all', () => 'garbage'],
    ['a word with a dot', () => 'a.b'],
    ['three words', () => 'aaaaa.bbbbb.ccccc'],
    ['one dot', () => '.'],
    ['two dots', () => '..'],
    ['three dots', () => '...'],
    ['one segment', () => payload],
    ['two segments', () => `${head}.${payload}`],
    ['an empty signature', () => `${head}.${payload}.`],
    ['an empty payload', () => `${head}..${signature}`],
    ['an empty payload with its own signature', () => `${head}..${hmac(`${head}.`)}`],
    ['an empty header', () => `.${payload}.${signature}`],
    ['a dot before it', () => `.${attack.access}`],
    ['a dot behind it', () => `${attack.access}.`],
    ['two dots in it', () => `${head}..${payload}.${signature}`],
    ['four segments', () => `${attack.access}.${signature}`],
    ['five segments', () => `${attack.access}.${payload}.${signature}`],
    ['itself twice', () => `${attack.access}.${attack.access}`],
    ['padding', () => `${attack.access}=`],
    ['two characters of padding', () => `${attack.access}==`],
    ['padding inside', () => `${head}=.${payload}.${signature}`],
    ['a space inside', () => `${head} .${payload}.${signature}`],
    ['a tab inside', () => `${head}.\t${payload}.${signature}`],
    ['an encoded line break', () => `${attack.access}%0A`],
    ['a comma behind it', () => `${attack.access},`],
    ['quotes', () => `"${attack.access}"`],
    ['a colon', () => `${head}:${payload}:${signature}`],
    ['JSON serialisation', () => JSON.stringify({ protected: head, payload, signature })],
    [
      'hexadecimal digits',
      () => [head, payload, signature].map((part) => Buffer.from(part, 'base64url').toString('hex')).join('.'),
    ],
    ['8193 characters', () => forge({ ...attack.claims, more: 'x'.repeat(6200) }).padEnd(8193, 'A')],
  ])('refuses %s', async (_what, token) => {
    await attack.expectBad(token(), 'token_malformed');
    await attack.expectBadRefresh(token(), 'token_malformed');
  });

  it('refuses the alphabet of standard base64', async () => {
    const body = segment(longPayload(attack.claims));
    await attack.expectGood(forge(longPayload(attack.claims)));
    const standard = body.replaceAll('-', '+').replaceAll('_', '/');
    expect(standard).not.toBe(body);
    await attack.expectBad(`${head}.${standard}.${hmac(`${head}.${standard}`)}`, 'token_malformed');
    await attack.expectBad(
      `${head}.${payload}.${Buffer.from(signature, 'base64url').toString('base64')}`,
      'token_malformed',
    );
  });

  it('accepts one spelling of a token, and none of its twins', async () => {
    const text = longPayload(attack.claims);
    const shortHeader = JSON.stringify({ alg: 'HS256' });
    for (const header of [JSON.stringify(HEADER), shortHeader, `${shortHeader} `]) {
      await attack.expectGood(forge(text, header));
    }
    await attack.expectBad(`${head}.${payload}.${twin(signature)}`, 'token_malformed');
    const body = twin(segment(text));
    await attack.expectBad(`${head}.${body}.${hmac(`${head}.${body}`)}`, 'token_malformed');
    const odd = twin(segment(`${shortHeader}${' '.repeat((3 - (shortHeader.length % 3) + 1) % 3)}`));
    await attack.expectBad(`${odd}.${payload}.${hmac(`${odd}.${payload}`)}`, 'token_malformed');
  });

  it('refuses every change of one character', async () => {
    const changed = (part: string): string => part.slice(0, 9) + (part[9] === 'A' ? 'B' : 'A') + part.slice(10);
    const refusal = { status: 401, error: 'The token is not valid.' };
    for (const token of [
      `${changed(head)}.${payload}.${signature}`,
      `${head}.${changed(payload)}.${signature}`,
      `${head}.${payload}.${changed(signature)}`,
    ]) {
      const answer = await attack.send(token, 'GET /testapp/protect');
      expect({ status: answer.status, error: answer.json.error }).toEqual(refusal);
    }
  });

  it.each([
    'null',
    'true',
    '1',
    '"text"',
    '[]',
    '[{}]',
    '{',
    '{"a":1,}',
    "{'a':1}",
    '{} {}',
    '{"a":NaN}',
    '// {}\n{}',
    '\u0000{}',
  ])('refuses the signed payload %j', async (text) => {
    await attack.expectBad(forge(text), 'token_malformed');
  });

  it.each([
    'null',
    'true',
    '1',
    '"HS256"',
    '["HS256"]',
    '[{"alg":"HS256"}]',
    '{',
    '{"alg":"HS256",}',
    '\ufeff{"alg":"HS256"}',
  ])('refuses the header %j', async (text) => {
    await attack.expectBad(forge(attack.claims, text), 'token_malformed');
  });

  it('refuses a list around good claims, and empty claims', async () => {
    await attack.expectBad(forge([attack.claims]), 'token_malformed');
    await attack.expectBad(forge({}));
  });

  it('refuses a byte order mark and every other encoding than UTF-8', async () => {
    const text = JSON.stringify({ ...attack.claims, more: '?' });
    const bytes = (...inserted: number[]): Buffer => {
      const [before = '', after = ''] = text.split('?');
      return Buffer.concat([Buffer.from(before), Buffer.from(inserted), Buffer.from(after)]);
    };
    await attack.expectGood(forge(bytes(0xc3, 0xa9)));
    await attack.expectBad(forge(`\ufeff${text}`), 'token_malformed');
    await attack.expectBad(forge(Buffer.from(text, 'utf16le')), 'token_malformed');
    for (const bad of [[0xff], [0xe9], [0xc0, 0xaf], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80]]) {
      await attack.expectBad(forge(bytes(...bad)), 'token_malformed');
    }
  });

  it('answers deep JSON, also well-signed, without an error of the server', async () => {
    const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    const nested = JSON.stringify({ ...attack.claims, deep: 'HERE' }).replace('"HERE"', deep(2500));
    const unsigned = `${head}.${segment(nested)}.${hmac('another')}`;
    await attack.expectBad(unsigned);
    await attack.expectBad(forge(SOME, deep(2500)), 'token_malformed');
    for (const route of ['GET /testapp/claims', 'POST /validate_access/']) {
      expect((await attack.send(forge(nested), route)).status).toBeLessThan(500);
    }
  });

  it('refuses characters outside of ASCII in the header', async () => {
    for (const token of [`${attack.access}\u00e9`, `${attack.access}\u00a0`, attack.access.replace('.', '\u00b7')]) {
      await expectRefusal(
        attack.test,
        () =>
          sendRaw(attack.test.url, {
            method: 'GET',
            path: '/testapp/protect',
            headers: [`Authorization: Bearer ${token}`],
          }),
        { status: 401, code: 'token_malformed' },
      );
    }
  });

  it('lets Node refuse a header of 20 kB', async () => {
    const before = await storedRows(attack.test);
    const headers = [`Authorization: Bearer ${forge({ more: 'x'.repeat(15_000) })}`];
    const answer = await sendRaw(attack.test.url, { method: 'GET', path: '/testapp/protect', headers });
    expect(answer.status).toBe(431);
    await expectNothingDone(attack.test, answer, before);
  });

  it('still accepts the good token, and its signing key never shows', async () => {
    const answer = await attack.send(`${attack.access}x`, 'GET /testapp/protect');
    expect(answer.text).not.toContain(SIGNING_KEY);
    expect(answer.text).not.toContain(signature);
    await attack.expectGood(attack.access);
  });
});
