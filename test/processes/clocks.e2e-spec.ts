import { JwtoSession, type PurgeResult } from 'jwto';
import type { DataSourceOptions } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildSample } from '../sample/build-sample.js';
import { AppProcess } from './app-process.js';
import { guarded, login, newUser, refresh, sidOf } from './http.js';
import { PROCESS_DATABASES, type ProcessDatabase } from './process-databases.js';
import { TcpProxy } from './tcp-proxy.js';

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;
/** Asks for the time now and then, and is asked by requests in between. */
const SLOW = { JWTO_POLL_INTERVAL: '60s', JWTO_MAX_STALENESS: '60s' };

const PORTS: Readonly<Record<string, number>> = { postgres: 5432, mariadb: 3306 };

beforeAll(buildSample, 180_000);

/** Lets the server of a database tell another time on its way through a proxy. */
class ServerClock {
  /** Milliseconds. */
  ahead = 0;
  private constructor(private readonly proxy: TcpProxy | undefined) {}

  static async before({ options }: ProcessDatabase): Promise<[ServerClock, DataSourceOptions]> {
    if (!('url' in options)) return [new ServerClock(undefined), options];
    const url = new URL(options.url ?? '');
    const proxy = await TcpProxy.before(url.hostname, Number(url.port || PORTS[options.type]));
    const clock = new ServerClock(proxy);
    proxy.watch = ({ said }, answer) => {
      if (/ AS now\b/.test(said)) clock.set(answer);
    };
    url.host = `127.0.0.1:${String(proxy.port)}`;
    return [clock, { ...options, url: String(url) }];
  }

  get isThere(): boolean {
    return this.proxy !== undefined;
  }

  async close(): Promise<void> {
    await this.proxy?.close();
  }

  /** Milliseconds since the epoch have thirteen digits for the next two hundred years. */
  private set(answer: Buffer): void {
    const found = /\d{13}/.exec(answer.toString('latin1'));
    if (found !== null) answer.write(String(Number(found[0]) + this.ahead), found.index, 'latin1');
  }
}

describe.each(PROCESS_DATABASES)('clocks that go wrong, on $name', ({ create }) => {
  let database: ProcessDatabase;
  let server: ServerClock;
  let options: DataSourceOptions;
  let app: AppProcess;
  beforeAll(async () => {
    database = await create();
    [server, options] = await ServerClock.before(database);
  });
  afterEach(async () => {
    await app.kill();
    server.ahead = 0;
  });
  afterAll(async () => {
    await server.close();
    await database.drop();
  });

  async function start(env: Record<string, string> = {}): Promise<void> {
    app = await AppProcess.start({ ...database, options }, { ...SLOW, ...env });
  }

  const purged = async (): Promise<number> => ((await app.call('purge')) as PurgeResult).sessions;

  it.each([-60 * MINUTE, 2 * DAY])('a clock of the process that is set by %i ms changes nothing', async (ahead) => {
    await start();
    const username = newUser();
    const [one, other] = [await login(app.url, username), await login(app.url)];
    await app.call('setClocks', { ahead });
    expect((await guarded(app.url, one.access)).status).toBe(200);
    expect((await refresh(app.url, other.refresh)).status).toBe(200);
    expect(await app.call('revokeUser', username.replace('user-', ''))).toBe(1);
    expect((await guarded(app.url, one.access)).code).toBe('token_revoked');
    expect((await refresh(app.url, one.refresh)).code).toBe('token_revoked');
    await app.call('setClocks', {});
    expect((await guarded(app.url, one.access)).code).toBe('token_revoked');
    expect((await guarded(app.url, other.access)).status).toBe(200);
  });

  it('a machine that slept knows what has expired meanwhile', async () => {
    await start();
    const one = await login(app.url);
    await app.call('setClocks', { slept: 10 * MINUTE });
    server.ahead = 10 * MINUTE;
    expect((await guarded(app.url, one.access)).code).toBe('token_expired');
    const again = await refresh(app.url, one.refresh);
    expect((await guarded(app.url, again.access)).status).toBe(200);
  });

  it('no clock that is days ahead makes a purge delete a live session', async () => {
    await start({ JWTO_BLOCKLIST_CHECK: 'refresh' });
    const [live, ended] = [await login(app.url), await login(app.url)];
    const old = Date.now() - 3 * DAY;
    const { manager } = database.dataSource;
    await app.call('setClocks', { ahead: 2 * DAY });
    await purged();
    await app.call('setClocks', {});
    if (server.isThere) {
      server.ahead = 2 * DAY;
      expect(await purged()).toBe(0);
      await app.call('setClocks', { ahead: 2 * DAY });
      expect(await purged()).toBe(0);
      await app.call('setClocks', {});
      server.ahead = 0;
    }
    await manager.update(JwtoSession, { sid: sidOf(ended.access) }, { expiresAt: old, accessUntil: old });
    expect(await purged()).toBe(1);
    expect((await refresh(app.url, live.refresh)).status).toBe(200);
    expect((await guarded(app.url, live.access)).status).toBe(200);
  });
});
