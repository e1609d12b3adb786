import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { Agent, get } from 'node:https';
import { connect, createServer, type AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import request from 'supertest';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readSampleOptions } from '../../sample-app/sample-options.js';
import { buildSample } from './build-sample.js';
import { SAMPLE_DATABASES } from './databases.js';
import { newDataDir, startSample, startSampleInVain, type RunningSample } from './sample-process.js';

const hasIpv6 = Object.values(networkInterfaces()).some((all) => all?.some(({ address }) => address === '::1'));
const loopbacks = ['127.0.0.1', ...(hasIpv6 ? ['::1'] : [])];

const running: RunningSample[] = [];

async function start(env: Record<string, string> = {}): Promise<RunningSample> {
  const sample = await startSample(env);
  running.push(sample);
  return sample;
}

/** A client that trusts the sample's certificate and keeps cookies. */
function clientOf({ url, ca }: RunningSample, at = url) {
  return request.agent(at, ca === undefined ? {} : { ca });
}

async function login(sample: RunningSample, username: string, password: string): Promise<request.Response> {
  return clientOf(sample).post('/login/').type('form').send({ username, password });
}

interface Tokens {
  access: string;
  refresh: string;
}

async function bearerOf(sample: RunningSample, username = 'alice', password = 'pass'): Promise<[string, string]> {
  const { access } = (await login(sample, username, password)).body as Tokens;
  return ['Authorization', `Bearer ${access}`];
}

async function textOf(sample: RunningSample, bearer: [string, string]): Promise<string> {
  const { text } = await clientOf(sample)
    .get('/testapp/protect/')
    .set(...bearer);
  return text;
}

/** What every user can do, on whatever adapter and database. */
async function signsItsUsersIn(sample: RunningSample): Promise<void> {
  expect(sample.lines()).toEqual([`jwto sample listening on https://localhost:${String(sample.port)}`]);

  const client = clientOf(sample);
  expect((await client.get('/testapp/protect/')).body).toMatchObject({ code: 'token_missing' });
  const alice = await bearerOf(sample);
  for (const path of ['/testapp/protect/', '/testapp/protect']) {
    expect(await client.get(path).set(...alice)).toMatchObject({ status: 200, text: 'worked!' });
    expect(await client.post(path).set(...alice)).toMatchObject({ status: 200, text: 'worked!' });
  }
  expect((await client.get('/testapp/perms_protect/').set(...alice)).body).toMatchObject({
    statusCode: 403,
    code: 'permission_denied',
    error: 'Invalid permissions for jwt token.',
  });
  const { body } = await client.get('/testapp/claims/').set(...alice);
  expect(body).toMatchObject({
    type: 'access',
    user: { id: 1, username: 'alice', email: 'alice@djwto.com', perms: [] },
  });

  for (const [username, password, id, perms] of [
    ['bob', 'pass', 2, ['perm1']],
    ['admin', 'abc123', 3, ['perm1', 'perm2']],
  ] as const) {
    const bearer = await bearerOf(sample, username, password);
    expect((await client.get('/testapp/perms_protect/').set(...bearer)).text).toBe('perms also worked!');
    expect((await client.get('/testapp/claims/').set(...bearer)).body).toMatchObject({ user: { id, perms } });
  }
  const events = await sample.events('jwto.logged_in', 3);
  expect(events.map(({ userId }) => userId)).toEqual(['1', '2', '3']);
  expect(events[0]).toMatchObject({ request: { method: 'POST', path: '/login/' }, claims: { type: 'access' } });
  expect(sample.stderr()).toBe('');
}

beforeAll(buildSample, 180_000);

afterEach(async () => {
  await Promise.all(running.splice(0).map((sample) => sample.stop()));
});

describe.each(['express', 'fastify'])('the sample on %s', (ADAPTER) => {
  it('signs its users in', async () => {
    await signsItsUsersIn(await start({ ADAPTER }));
  });

  it('speaks plain http with HTTPS=0, without Secure cookies', async () => {
    const sample = await start({ ADAPTER, HTTPS: '0', JWTO_MODE: 'ONE-COOKIE' });
    expect(sample.lines()).toEqual([`jwto sample listening on http://localhost:${String(sample.port)}`]);
    const client = clientOf(sample);
    const answer = await client.post('/login/').type('form').send({ username: 'alice', password: 'pass' });
    expect(answer.headers['set-cookie']).toHaveLength(3);
    expect(String(answer.headers['set-cookie'])).not.toMatch(/secure/i);
    expect((await client.get('/testapp/protect/')).text).toBe('worked!');
    expect(sample.stderr()).toContain('secureCookies is false');
  });

  it('listens on 127.0.0.1 and, where there is IPv6, on ::1, in its certificate’s name', async () => {
    const sample = await start({ ADAPTER });
    for (const host of ['localhost', '127.0.0.1', ...(hasIpv6 ? ['[::1]'] : [])]) {
      const client = clientOf(sample, `https://${host}:${String(sample.port)}`);
      expect((await client.get('/testapp/protect/')).status).toBe(401);
    }
  });

  it.each(['SIGTERM', 'SIGINT'] as const)('ends cleanly at %s, whoever is still connected', async (signal) => {
    const sample = await startSample({ ADAPTER });
    const agent = new Agent({ keepAlive: true, ca: sample.ca });
    for (const host of loopbacks) {
      await new Promise((resolve, reject) => {
        const idle = get({ host, port: sample.port, path: '/testapp/protect/', agent });
        idle.once('response', (answer) => answer.resume().once('end', resolve)).once('error', reject);
      });
      // As browsers open them, before they know what to ask for.
      const silent = connect(sample.port, host).on('error', () => undefined);
      await once(silent, 'connect');
    }
    const stopped = Date.now();
    expect(await sample.stop(signal)).toMatchObject({ code: 0, stderr: '' });
    expect(Date.now() - stopped).toBeLessThan(10_000);
    agent.destroy();
  });
});

describe.each(SAMPLE_DATABASES)('the sample with $name', ({ url, empty }) => {
  const env: Record<string, string> = url === undefined ? {} : { DATABASE_URL: url };

  beforeEach(empty);

  it('signs its users in', async () => {
    await signsItsUsersIn(await start(env));
  });

  it('refuses unknown users, wrong passwords and inactive users in the same words', async () => {
    const sample = await start(env);
    const refusals = [];
    for (const [username, password] of [
      ['nobody', 'pass'],
      ['alice', 'wrong'],
      ['carol', 'pass'],
      ['Alice', 'pass'],
      ['alice ', 'pass'],
      ['alice\0', 'pass'],
    ] as const) {
      refusals.push(await login(sample, username, password));
    }
    expect(refusals.map(({ status }) => status)).toEqual(Array(6).fill(401));
    expect(new Set(refusals.map(({ text }) => text)).size).toBe(1);
    expect((await sample.events('jwto.login_failed', 6)).map(({ reason }) => reason)).toEqual(
      Array(6).fill('credentials_invalid'),
    );
  });

  it('is set up once by processes that start together', async () => {
    const SAMPLE_DATA_DIR = newDataDir();
    const samples = await Promise.all([1, 2, 3].map(() => start({ ...env, SAMPLE_DATA_DIR })));
    expect(new Set(samples.map(({ ca }) => ca)).size).toBe(1);
    for (const issuer of samples) {
      const bearer = await bearerOf(issuer);
      for (const sample of samples) {
        expect(await textOf(sample, bearer)).toBe('worked!');
      }
    }
    expect(samples.map((sample) => sample.stderr())).toEqual(['', '', '']);
  });
});

describe('what the sample keeps', () => {
  it('is used again at the next start: certificate, signing key and users', async () => {
    const SAMPLE_DATA_DIR = newDataDir();
    const first = await startSample({ SAMPLE_DATA_DIR });
    const bearer = await bearerOf(first);
    await first.stop();
    const second = await start({ SAMPLE_DATA_DIR });
    expect(second.ca).toBe(first.ca);
    expect(await textOf(second, bearer)).toBe('worked!');
    expect((await login(second, 'alice', 'pass')).status).toBe(200);
  });

  it('is secret where it must be', async () => {
    const { dataDir } = await start();
    for (const file of ['key.pem', 'signing-key']) expect(statSync(join(dataDir, file)).mode & 0o777).toBe(0o600);
  });

  it('makes no signing key where one is given', async () => {
    const { dataDir } = await start({ JWTO_SIGNING_KEY: 'a-signing-key-of-32-bytes-and-more' });
    expect(() => statSync(join(dataDir, 'signing-key'))).toThrow('ENOENT');
  });

  it('makes another certificate when the old one has expired', async () => {
    const SAMPLE_DATA_DIR = newDataDir();
    const old = await generate([{ name: 'commonName', value: 'localhost' }], {
      keyType: 'ec',
      notBeforeDate: new Date('2020-01-01'),
      notAfterDate: new Date('2020-02-01'),
    });
    writeFileSync(join(SAMPLE_DATA_DIR, 'key.pem'), old.private, { mode: 0o600 });
    writeFileSync(join(SAMPLE_DATA_DIR, 'cert.pem'), old.cert);
    const sample = await start({ SAMPLE_DATA_DIR });
    expect(Date.parse(new X509Certificate(readFileSync(sample.certFile)).validTo)).toBeGreaterThan(Date.now());
    expect((await clientOf(sample).get('/testapp/protect/')).status).toBe(401);
  });
});

describe('a start that fails', () => {
  it('names every bad setting of jwto at once, and nothing else', async () => {
    const ended = await startSampleInVain({ JWTO_MODE: 'COOKIE', JWTO_LEEWAY: 'soon', JWTO_UNHEARD_OF: 'x' });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    for (const variable of ['JWTO_MODE', 'JWTO_LEEWAY', 'JWTO_UNHEARD_OF']) expect(ended.stderr).toContain(variable);
    expect(ended.stderr).toMatch(/^jwto is misconfigured: 3 settings are wrong\.\n( {2}- .*\n){3}$/);
  });

  it('names every bad setting of its own at once', async () => {
    const ended = await startSampleInVain({
      PORT: '80a',
      ADAPTER: 'koa',
      HTTPS: 'no',
      DATABASE_URL: 'oracle://u:pw@h',
    });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^The sample cannot start:\n( {2}- (PORT|HTTPS|ADAPTER|DATABASE_URL): .*\n){4}$/);
    expect(ended.stderr).not.toContain('pw');
  });

  it('lets jwto ask for the key of an asymmetric algorithm', async () => {
    const ended = await startSampleInVain({ JWTO_ALGORITHM: 'RS256' });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/signingKey.*RS256 needs a private key/);
  });

  it('tells of a database that is not there, without its password', async () => {
    const ended = await startSampleInVain({ DATABASE_URL: 'postgres://user:hush@127.0.0.1:1/none' });
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^The database cannot be opened: .*ECONNREFUSED.*\n$/);
  });

  it.each(loopbacks)('tells of a port that is taken on %s', async (host) => {
    const other = createServer().listen(0, host);
    await new Promise((resolve) => other.once('listening', resolve));
    const ended = await startSampleInVain({ PORT: String((other.address() as AddressInfo).port) });
    other.close();
    expect(ended).toMatchObject({ code: 1, stdout: '' });
    expect(ended.stderr).toMatch(/^listen EADDRINUSE.*\n$/);
  });
});

describe('the variables of the sample', () => {
  it('have the defaults that the documentation names', () => {
    expect(readSampleOptions({ PORT: '', HTTPS: ' ' })).toEqual({
      port: 8001,
      https: true,
      adapter: 'express',
      databaseUrl: undefined,
      dataDir: join(process.cwd(), '.sample-data'),
    });
  });
});
