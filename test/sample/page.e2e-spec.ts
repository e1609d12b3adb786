import { once } from 'node:events';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import http from 'node:http';
import https from 'node:https';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildSample } from './build-sample.js';
import { startSample, type RunningSample } from './sample-process.js';

const running: RunningSample[] = [];

async function start(env: Record<string, string> = {}): Promise<RunningSample> {
  const sample = await startSample(env);
  running.push(sample);
  return sample;
}

interface Asked {
  method?: string;
  headers?: OutgoingHttpHeaders;
  body?: string;
}

/** Sends the path as it is: fetch and agents would take dots out of it. */
async function open(sample: RunningSample, path: string, { method = 'GET', headers, body }: Asked = {}) {
  const { request } = sample.ca === undefined ? http : https;
  const { ca, port } = sample;
  const sent = request({ host: 'localhost', servername: 'localhost', port, path, method, headers, ca });
  sent.end(body);
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  return answer.setEncoding('utf8');
}

async function ask(sample: RunningSample, path: string, asked?: Asked) {
  const answer = await open(sample, path, asked);
  let text = '';
  for await (const chunk of answer) text += String(chunk);
  return { status: answer.statusCode, headers: answer.headers, text };
}

async function signIn(sample: RunningSample, username = 'alice', mode = 'JSON') {
  const headers = { 'content-type': 'application/json' };
  const body = JSON.stringify({ username, password: 'pass', mode });
  return ask(sample, '/login/', { method: 'POST', headers, body });
}

interface Settings {
  modes: string[];
  csrfCookie: string;
  payloadCookie: string;
  refreshPath: string;
  expiredToken: string | null;
}

async function settingsOf(sample: RunningSample): Promise<Settings> {
  return JSON.parse((await ask(sample, '/page/settings.json')).text) as Settings;
}

/** What a stream has said up to now. */
function listen(stream: IncomingMessage) {
  let text = '';
  stream.on('data', (chunk: string) => (text += chunk));
  return {
    text: () => text,
    ids: () => [...text.matchAll(/^id: (.*)$/gm)].map(([, id]) => id),
    names: () =>
      [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => (JSON.parse(data ?? '') as { name: string }).name),
  };
}

beforeAll(buildSample, 240_000);

afterEach(async () => {
  await Promise.all(running.splice(0).map((sample) => sample.stop()));
});

describe.each(['express', 'fastify'])('the page on %s', (ADAPTER) => {
  const folder = mkdtempSync(join(tmpdir(), 'jwto-page-'));
  let sample: RunningSample;

  beforeAll(async () => {
    sample = await startSample({ ADAPTER, SAMPLE_DATA_DIR: folder });
  });

  afterAll(async () => {
    expect(await sample.stop()).toMatchObject({ code: 0, stderr: '' });
    rmSync(folder, { recursive: true });
  });

  it('is served with all its files, each as what it is', async () => {
    const page = await ask(sample, '/');
    expect(page).toMatchObject({ status: 200, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(page.text).toMatch(/^<!doctype html>/);

    const types = { css: 'text/css', js: 'text/javascript', svg: 'image/svg+xml', map: 'application/json' };
    const wanted = new Set([...page.text.matchAll(/(?:src|href)="(\/[^"]*)"/g)].map(([, path = '']) => path));
    wanted.add('/page/client/index.js').add('/page/main.js.map');
    for (const path of wanted) {
      const file = await ask(sample, path);
      expect(file.status, path).toBe(200);
      expect(file.headers['content-type'], path).toContain(types[path.split('.').pop() as keyof typeof types]);
      expect(file.headers['x-content-type-options'], path).toBe('nosniff');
      // The modules that it imports are wanted too.
      for (const [, name = ''] of file.text.matchAll(/from '(\.\/[\w-]+\.js)'/g)) {
        wanted.add(new URL(name, `https://localhost${path}`).pathname);
      }
    }
    expect(wanted.size).toBeGreaterThan(25);
    expect((await ask(sample, '/', { method: 'HEAD' })).status).toBe(200);
  });

  it('forbids scripts and styles of others, and inline ones but its import map', async () => {
    const { headers, text } = await ask(sample, '/');
    const policy = String(headers['content-security-policy']);
    expect(policy).toMatch(/^default-src 'none'; script-src 'self' 'sha256-[\w+/]{43}='; style-src 'self';/);
    expect(policy).not.toMatch(/unsafe|\*/);
    expect(text).not.toMatch(/<style|style=|\son\w+=|https?:\/\//);
    expect([...text.matchAll(/<script(?![^>]* src=)[^>]*>/g)].map(([tag]) => tag)).toEqual([
      '<script type="importmap">',
    ]);
  });

  it('is not sent again to who has it', async () => {
    for (const path of ['/', '/page/main.js', '/page/client/index.js']) {
      const { headers } = await ask(sample, path);
      expect(headers['cache-control']).toBe('no-cache');
      const etag = String(headers.etag);
      for (const known of [etag, `W/${etag}`, `"other", ${etag}`]) {
        const again = await ask(sample, path, { headers: { 'if-none-match': known } });
        expect(again, known).toMatchObject({ status: 304, text: '', headers: { etag } });
      }
      expect((await ask(sample, path, { headers: { 'if-none-match': '"other"' } })).status).toBe(200);
    }
  });

  it('leads to no other file', async () => {
    for (const path of [
      '/page/',
      '/page/../main.js',
      '/page/..%2fmain.js',
      '/page/%2e%2e/main.js',
      '/page/%2e%2e%2fmain.js',
      '/page/..\\main.js',
      '/page/..%5cmain.js',
      '/page/client/../../index.js',
      '/page/client/index.d.ts',
      '/page/client/%2e%2e/%2e%2e/keys/key-ring.js',
      '/page//etc/passwd',
      '/page/../../../../../../../../etc/passwd',
      '/page/..%2f..%2f..%2f..%2f..%2f..%2fetc/passwd',
      '/page/%00',
      '/page/main.js%00.css',
      '/page/main.js/',
      '/page/__proto__',
      '/page/constructor',
      '/page/tsconfig.json',
      '/page/main.ts',
      '/page/%',
    ]) {
      const { status, text } = await ask(sample, path);
      expect([400, 404], path).toContain(status);
      expect(text, path).not.toMatch(/root:|import |export /);
    }
  });

  it('tells a page which modes there are', async () => {
    expect(await settingsOf(sample)).toMatchObject({
      modes: ['JSON'],
      csrfCookie: 'csrftoken',
      refreshPath: 'api/token/refresh',
    });
    const other = await settingsOf(
      await start({
        ADAPTER,
        JWTO_MODE: 'TWO-COOKIES,JSON',
        JWTO_COOKIE_PREFIX: 'host',
        JWTO_REFRESH_COOKIE_PATH: 'r',
      }),
    );
    expect(other).toMatchObject({
      modes: ['TWO-COOKIES', 'JSON'],
      csrfCookie: '__Host-csrftoken',
      payloadCookie: '__Host-jwt_access_payload',
      refreshPath: 'r',
    });
  });

  it('streams the events, those of before first', async () => {
    const stream = await open(sample, '/page/events');
    expect(stream.headers['content-type']).toContain('text/event-stream');
    const first = listen(stream);
    await expect.poll(first.text).toContain(': the events of the sample');

    await signIn(sample);
    await signIn(sample, 'carol');
    await expect.poll(first.names).toEqual(['jwto.logged_in', 'jwto.login_failed']);
    expect(await sample.events('jwto.logged_in')).toHaveLength(1);
    expect(first.text()).not.toContain('eyJ');

    const later = listen(await open(sample, '/page/events'));
    await expect.poll(later.ids).toEqual(first.ids());
    const [seen = ''] = first.ids();
    const again = listen(await open(sample, '/page/events', { headers: { 'last-event-id': seen } }));
    await expect.poll(again.names).toEqual(['jwto.login_failed']);
    const stranger = listen(await open(sample, '/page/events', { headers: { 'last-event-id': 'another-1' } }));
    await expect.poll(stranger.ids).toEqual(first.ids());
  });

  it('streams them to this machine’s names only', async () => {
    for (const host of ['evil.example', 'localhost.evil.example', `127.0.0.1.evil.example:${String(sample.port)}`]) {
      expect((await ask(sample, '/page/events', { headers: { host } })).status, host).toBe(403);
    }
    for (const host of ['localhost', `127.0.0.1:${String(sample.port)}`, '[::1]:8001']) {
      const stream = await open(sample, '/page/events', { headers: { host } });
      expect(stream.statusCode, host).toBe(200);
      stream.destroy();
    }
  });

  it('does not hold up the shutdown', async () => {
    const sample = await startSample({ ADAPTER, HTTPS: '0' });
    const streams = await Promise.all([1, 2, 3].map(() => open(sample, '/page/events')));
    const ends = streams.map((stream) => once(stream.resume(), 'end'));
    const asked = Date.now();
    expect(await sample.stop()).toMatchObject({ code: 0 });
    expect(Date.now() - asked).toBeLessThan(1900);
    await Promise.all(ends);
  });

  it('forgets pages that have gone', async () => {
    const streams = await Promise.all([1, 2, 3].map(() => open(sample, '/page/events')));
    for (const stream of streams) stream.destroy();
    await sleep(100);
    await signIn(sample);
    expect((await ask(sample, '/')).status).toBe(200);
    expect(sample.stderr()).toBe('');
  });
});

describe('the expired token that the page shows', () => {
  it.each<[string, Record<string, string>]>([
    ['by default', {}],
    ['with issuer, subject and audience', { JWTO_ISS_CLAIM: 'i', JWTO_SUB_CLAIM: 's', JWTO_AUD_CLAIM: 'a,b' }],
    ['with an asymmetric key', { JWTO_ALGORITHM: 'ES256', JWTO_SIGNING_KEY: pemOf('ec') }],
  ])('is refused for its age only: %s', async (_name, env) => {
    const sample = await start({ ...env, HTTPS: '0', JWTO_LEEWAY: '60' });
    const authorization = `Bearer ${String((await settingsOf(sample)).expiredToken)}`;
    const { status, text } = await ask(sample, '/testapp/protect/', { headers: { authorization } });
    expect([status, JSON.parse(text)]).toMatchObject([401, { code: 'token_expired' }]);
  });

  it('is not there where JwtService cannot sign', async () => {
    const sample = await start({ HTTPS: '0', JWTO_ALGORITHM: 'EdDSA', JWTO_SIGNING_KEY: pemOf('ed25519') });
    expect((await settingsOf(sample)).expiredToken).toBeNull();
  });
});

function pemOf(kind: 'ec' | 'ed25519'): string {
  const { privateKey } =
    kind === 'ec' ? generateKeyPairSync('ec', { namedCurve: 'P-256' }) : generateKeyPairSync('ed25519');
  return String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
}
