import { createJwtoClient } from 'jwto/client';
import { jwtoAxiosAdapter, type AxiosRequestLike } from 'jwto/client/axios';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startApp, type TestApp } from '../support/test-app.js';

interface Config extends AxiosRequestLike {
  url: string;
}

let app: TestApp;
let adapter: ReturnType<typeof jwtoAxiosAdapter<Config>>;
beforeEach(async () => {
  app = await startApp();
  const client = createJwtoClient({ baseUrl: app.url, mode: 'JSON' });
  await client.login({ username: 'alice', password: 'pass' });
  adapter = jwtoAxiosAdapter<Config>(client, { getUri: (config) => app.url + (config as Config).url });
});
afterEach(() => app.close());
const validateStatus = (status: number): boolean => status < 300;

it('sends what axios asks for, with the credential', async () => {
  const config = { url: '/testapp/claims', headers: { Accept: 'application/json', 'X-Off': false }, validateStatus };
  const response = await adapter(config);
  expect(response).toMatchObject({ status: 200, statusText: 'OK', config, request: null });
  // As text: axios parses it.
  expect(JSON.parse(response.data as string)).toMatchObject({ user: { username: 'alice' } });
  expect(response.headers['content-type']).toMatch(/json/);
});

it.each([
  ['text', 'string'],
  ['arraybuffer', ArrayBuffer],
  ['blob', Blob],
  ['stream', ReadableStream],
])('answers with %s', async (responseType, type) => {
  const { data } = await adapter({ url: '/testapp/protect', method: 'post', data: '{}', responseType });
  if (typeof type === 'string') expect(data).toBe('worked!');
  else expect(data).toBeInstanceOf(type);
});

it('refuses as axios does', async () => {
  const refused = adapter({ url: '/testapp/perms_protect', validateStatus });
  await expect(refused).rejects.toMatchObject({
    isAxiosError: true,
    code: 'ERR_BAD_REQUEST',
    status: 403,
    response: { status: 403, data: expect.stringContaining('permission_denied') },
  });
  const response = await adapter({ url: '/testapp/perms_protect', validateStatus: null });
  expect(response.status).toBe(403);
});

/** The requests that the adapter has made of each config. */
async function requestsOf(...configs: Config[]): Promise<Request[]> {
  const sent: Request[] = [];
  const fetch = (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    sent.push(new Request(input, init));
    return Promise.resolve(new Response());
  };
  const recording = jwtoAxiosAdapter<Config>({ fetch }, { getUri: () => app.url });
  for (const config of configs) await recording(config);
  return sent;
}

it('sends the headers that axios has not taken away, and the method as HTTP spells it', async () => {
  const headers = { 'X-One': '1', 'X-False': false, 'X-Null': null, 'Content-Type': undefined, 'X-Number': 7 };
  const [request] = await requestsOf({ url: '', method: 'patch', headers });
  expect(Object.fromEntries(request?.headers ?? [])).toEqual({ 'x-one': '1', 'x-number': '7' });
  // Of all methods `fetch` leaves this one in lower case, and no server knows it so.
  expect(request?.method).toBe('PATCH');
});

it('leaves the boundary of a form to fetch', async () => {
  const headers = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const data = new FormData();
  data.set('a', 'b');
  const sent = await requestsOf(
    { url: '', method: 'post', data, headers },
    { url: '', method: 'post', data: 'a=b', headers },
  );
  expect(sent[0]?.headers.get('content-type')).toMatch(/^multipart\/form-data; boundary=/);
  expect(sent[1]?.headers.get('content-type')).toBe('application/x-www-form-urlencoded');
});

/** As axios has it. */
class AxiosError extends Error {
  readonly isAxiosError = true;
  constructor(
    message: string,
    readonly code: string,
    readonly config: unknown,
    readonly request: unknown,
    readonly response?: unknown,
  ) {
    super(message);
  }
}
class CanceledError extends AxiosError {
  constructor(message: string | undefined, config: unknown, request: unknown) {
    super(message ?? 'canceled', 'ERR_CANCELED', config, request);
  }
}

it.each([
  ['axios itself', { AxiosError, CanceledError }],
  ['an instance, which has no class of errors', {}],
])('fails as axios does, with the config for interceptors: %s', async (_what, classes) => {
  const client = createJwtoClient({ baseUrl: app.url, mode: 'JSON' });
  const axios = { ...classes, getUri: (config?: object) => app.url + (config as Config).url };
  const failing = jwtoAxiosAdapter<Config>(client, axios);
  const refused = { url: '/testapp/claims', validateStatus };
  const aborted = { url: '/', signal: AbortSignal.abort(new Error('enough')) };
  const offline = { url: '/' };
  const down = jwtoAxiosAdapter<Config>({ fetch: () => Promise.reject(new TypeError('fetch failed')) }, axios);
  for (const [send, expected] of [
    [() => failing(refused), { code: 'ERR_BAD_REQUEST', config: refused, status: 401, response: { status: 401 } }],
    [() => failing(aborted), { code: 'ERR_CANCELED', config: aborted, cause: { message: 'enough' } }],
    [() => down(offline), { code: 'ERR_NETWORK', config: offline, cause: { message: 'fetch failed' } }],
  ] as const) {
    const error: unknown = await send().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ isAxiosError: true, ...expected });
    if ('AxiosError' in classes) expect(error).toBeInstanceOf(AxiosError);
    else expect((error as AxiosError & { toJSON(): object }).toJSON()).toMatchObject({ code: expected.code });
  }
});
