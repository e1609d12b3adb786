import { ValidationPipe, type INestApplication, type ValidationPipeOptions } from '@nestjs/common';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Answer } from '../support/client.js';
import { sendRaw, type RawRequest } from '../support/raw-http.js';
import { expectRefusal } from '../support/refusals.js';
import { startApp, type TestApp } from '../support/test-app.js';

const REFRESH = '/api/token/refresh';
const LOGIN = 'POST /login/';
const ENDPOINTS = [
  LOGIN,
  'POST /validate_access/',
  `POST ${REFRESH}/validate_refresh/`,
  `POST ${REFRESH}/refresh_access/`,
  `POST ${REFRESH}/update_refresh/`,
  `POST ${REFRESH}/logout/`,
  `DELETE ${REFRESH}/logout/`,
] as const;
const JSON_TYPE = 'Content-Type: application/json';
const FORM_TYPE = 'Content-Type: application/x-www-form-urlencoded';
const GOOD = { username: 'alice', password: 'pass' };

/** Bodies that cannot be understood, each with its headers. */
const UNREADABLE: [string, string[], string | Uint8Array][] = [
  ['a list', [JSON_TYPE], '[]'],
  ['a list of a good login', [JSON_TYPE], JSON.stringify([GOOD])],
  ['null', [JSON_TYPE], 'null'],
  ['a number', [JSON_TYPE], '1'],
  ['true', [JSON_TYPE], 'true'],
  ['a text', [JSON_TYPE], '"alice"'],
  ['white space', [JSON_TYPE], ' '],
  ['JSON that ends too early', [JSON_TYPE], '{"username":"alice","password":"pass"'],
  ['JSON with something behind it', [JSON_TYPE], '{"username":"alice","password":"pass"}}'],
  ['JSON in single quotes', [JSON_TYPE], "{'username':'alice'}"],
  ['a form as JSON', [JSON_TYPE], 'username=alice&password=pass'],
  ['invalid UTF-8', [JSON_TYPE], Buffer.from('{"username":"\xff","password":"pass"}', 'latin1')],
  ['an own __proto__ in JSON', [JSON_TYPE], '{"__proto__":{"username":"alice","password":"pass"}}'],
  ['an own __proto__ beside credentials', [JSON_TYPE], '{"username":"alice","password":"pass","__proto__":{}}'],
  ['an escaped __proto__', [JSON_TYPE], '{"\\u005f_proto__":1}'],
  ['an own __proto__ in a form', [FORM_TYPE], 'username=alice&password=pass&__proto__=1'],
  ['an encoded __proto__ in a form', [FORM_TYPE], '%5F_proto__=1'],
  ['JSON of more than 100 kB', [JSON_TYPE], JSON.stringify({ ...GOOD, more: 'x'.repeat(110_000) })],
  ['a form of more than 100 kB', [FORM_TYPE], `username=alice&password=pass&more=${'x'.repeat(110_000)}`],
  // As Django and Express do: https://docs.djangoproject.com/en/5.2/ref/settings/#data-upload-max-number-fields
  ['a form of more than 1000 fields', [FORM_TYPE], `username=alice&password=pass${'&x'.repeat(999)}`],
  ['text of more than 100 kB', ['Content-Type: text/plain'], 'x'.repeat(110_000)],
  ['a megabyte', [JSON_TYPE], JSON.stringify({ ...GOOD, more: 'x'.repeat(1_000_000) })],
  ['JSON 20000 levels deep', [JSON_TYPE], '['.repeat(20_000)],
  ['gzip', [JSON_TYPE, 'Content-Encoding: gzip'], gzipSync(JSON.stringify(GOOD))],
  ['no gzip though it says so', [JSON_TYPE, 'Content-Encoding: gzip'], JSON.stringify(GOOD)],
];
/** Bodies that are none: empty ones, and those of other types. */
const TYPES = [
  JSON_TYPE,
  FORM_TYPE,
  'Content-Type: text/plain',
  'Content-Type: application/xml',
  'Content-Type: multipart/form-data; boundary=x',
  'Content-Type: application/octet-stream',
  'Content-Type:',
  'Content-Type: ;;;',
  'X-No-Type: 1',
];
const MULTIPART =
  ['username', 'password']
    .map((name) => `--x\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${GOOD.username}\r\n`)
    .join('') + '--x--\r\n';
const NO_BODY: [string, string[], string][] = [
  ...TYPES.map((type): [string, string[], string] => [`an empty body, ${type}`, [type], '']),
  ...TYPES.slice(2).map((type): [string, string[], string] => [
    `JSON, ${type}`,
    [type],
    JSON.stringify({ ...GOOD, jwt_type: 'x' }),
  ]),
  ['XML', ['Content-Type: text/xml'], '<login><username>alice</username></login>'],
  ['multipart', ['Content-Type: multipart/form-data; boundary=x'], MULTIPART],
  ['broken JSON of another type', ['Content-Type: text/plain;charset=UTF-8'], '{'],
];
/** The strictest pipe that an application can have for everything; class-transformer is not installed here. */
const pipe = (app: INestApplication): void => {
  const transformerPackage = {
    plainToInstance: (type: new () => object, plain: object) => Object.assign(new type(), plain),
    classToPlain: (instance: object) => ({ ...instance }),
  } as unknown as NonNullable<ValidationPipeOptions['transformerPackage']>;
  app.useGlobalPipes(new ValidationPipe({ whitelist: true, forbidNonWhitelisted: true, transformerPackage }));
};
const APPS = ADAPTERS.flatMap(([name, adapter]) => [
  [name, adapter, undefined] as const,
  [`${name} with a ValidationPipe`, adapter, pipe] as const,
]);

describe.each(APPS)('bodies on %s', (_name, adapter, setUp) => {
  let test: TestApp;
  const tokens = { access: '', refresh: '' };
  beforeAll(async () => {
    test = await startApp({ adapter, ...(setUp === undefined ? {} : { setUp }) });
  });
  beforeEach(async () => {
    test.clock.advance(1);
    Object.assign(tokens, (await test.client().login()).json);
    test.users.asked.length = 0;
  });
  afterAll(() => test.close());

  /** Sends to an endpoint, with the token that is due there. */
  function send(endpoint: string, request: Omit<RawRequest, 'path'>, withToken = true): Promise<Answer> {
    const [method = '', path = ''] = endpoint.split(' ');
    const token = path.startsWith(REFRESH) ? tokens.refresh : tokens.access;
    const authorization = withToken ? [`Authorization: Bearer ${token}`] : [];
    return sendRaw(test.url, { ...request, method, path, headers: [...(request.headers ?? []), ...authorization] });
  }

  describe.each(UNREADABLE)('%s', (_what, headers, body) => {
    it.each(ENDPOINTS)('is refused by %s, with a good token and without', async (endpoint) => {
      const events = endpoint === LOGIN ? (['jwto.login_failed'] as const) : [];
      for (const withToken of [true, false]) {
        await expectRefusal(test, () => send(endpoint, { headers, body }, withToken), {
          status: 400,
          code: 'request_invalid',
          events,
        });
      }
      expect(test.users.asked).toEqual([]);
    });
  });

  describe.each(NO_BODY)('%s', (_what, headers, body) => {
    it('is a login without credentials', async () => {
      await expectRefusal(test, () => send(LOGIN, { headers, body }, false), {
        status: 400,
        code: 'credentials_missing',
        events: ['jwto.login_failed'],
      });
      expect((await send(LOGIN, { headers, body })).json).toEqual({ msg: 'User already authenticated.' });
      expect(test.users.asked).toEqual([]);
    });
    it.each(ENDPOINTS.filter((endpoint) => endpoint !== LOGIN))('is no body for %s', async (endpoint) => {
      const answer = await send(endpoint, { headers, body });
      expect(answer.status).toBe(endpoint.startsWith('DELETE') ? 204 : 200);
    });
  });

  it('reads a body of less than 100 kB, in chunks, and whatever the case and the charset of its type', async () => {
    const text = JSON.stringify({ ...GOOD, more: 'x'.repeat(90_000) });
    const chunked = `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
    const requests: Omit<RawRequest, 'path'>[] = [
      { headers: [JSON_TYPE], body: text },
      { headers: [JSON_TYPE, 'Transfer-Encoding: chunked'], body: chunked, contentLength: false },
      { headers: ['Content-Type: APPLICATION/JSON; charset=utf-8'], body: JSON.stringify(GOOD) },
      { headers: ['content-type:application/json'], body: ` ${JSON.stringify(GOOD)}\n` },
      { headers: [`${FORM_TYPE}; charset=UTF-8`], body: 'username=alice&password=p%61ss' },
    ];
    for (const request of requests) {
      expect((await send(LOGIN, request, false)).json).toEqual({
        access: expect.any(String),
        refresh: expect.any(String),
      });
    }
  });

  it('refuses a chunked body that grows beyond 100 kB', async () => {
    const text = JSON.stringify({ ...GOOD, more: 'x'.repeat(110_000) });
    const body = `${text.length.toString(16)}\r\n${text}\r\n0\r\n\r\n`;
    const request = { headers: [JSON_TYPE, 'Transfer-Encoding: chunked'], body, contentLength: false };
    await expectRefusal(test, () => send(LOGIN, request, false), {
      status: 400,
      code: 'request_invalid',
      events: ['jwto.login_failed'],
    });
  });

  it.each([undefined, 'refresh'])('takes the jwt_type %s on the refresh endpoints', async (type) => {
    const answer = await send(ENDPOINTS[2], { headers: [JSON_TYPE], body: JSON.stringify({ jwt_type: type }) });
    expect(answer.status).toBe(200);
    const form = await send(ENDPOINTS[2], { headers: [FORM_TYPE], body: type === undefined ? '' : `jwt_type=${type}` });
    expect(form.status).toBe(200);
  });

  it.each(ENDPOINTS.slice(1))('refuses every other jwt_type on %s', async (endpoint) => {
    const due = endpoint === 'POST /validate_access/' ? 'access' : 'refresh';
    const values = ['access', 'refresh', 'Refresh', '', 'id', null, 1, true, [due], {}, [due, due]].filter(
      (value) => value !== due,
    );
    const refusal = { status: 400, code: 'request_invalid' } as const;
    for (const value of values) {
      await expectRefusal(
        test,
        () => send(endpoint, { headers: [JSON_TYPE], body: JSON.stringify({ jwt_type: value }) }),
        refusal,
      );
    }
    for (const form of ['jwt_type=', 'jwt_type=other', `jwt_type=${due}&jwt_type=${due}`]) {
      await expectRefusal(test, () => send(endpoint, { headers: [FORM_TYPE], body: form }), refusal);
    }
  });

  it.each(['ONE-COOKIE', 'TWO-COOKIES', 'json', '', null, 1, ['JSON'], {}])(
    'refuses the mode %j, which the settings do not have',
    async (mode) => {
      const request = { headers: [JSON_TYPE], body: JSON.stringify({ ...GOOD, mode }) };
      await expectRefusal(test, () => send(LOGIN, request, false), {
        status: 400,
        code: 'request_invalid',
        events: ['jwto.login_failed'],
      });
      expect(test.users.asked).toEqual([]);
    },
  );
});
