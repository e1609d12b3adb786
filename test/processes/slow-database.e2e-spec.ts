import { setTimeout as sleep } from 'node:timers/promises';
import { JwtoSession } from 'jwto';
import type { DataSourceOptions } from 'typeorm';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildSample } from '../sample/build-sample.js';
import { AppProcess } from './app-process.js';
import { guarded, jtiOf, login, newUser, refresh, sidOf, type Reply } from './http.js';
import { PROCESS_DATABASES, type ProcessDatabase } from './process-databases.js';
import { TcpProxy } from './tcp-proxy.js';

/** Seconds. Short, so that what takes longer than it takes no minutes. */
const GRACE = 4;
/** Longer than the grace and any limit of ours. */
const LONG = 9000;

beforeAll(buildSample, 180_000);

/** A client that obeys `Retry-After`, and gives up after a minute. */
async function goesOn(url: string, token: string): Promise<{ last: Reply; refused: number }> {
  for (let refused = 0, until = Date.now() + 60_000; ; refused++) {
    const last = await refresh(url, token);
    if (last.status !== 503 || Date.now() > until) return { last, refused };
    await sleep(Number(last.retryAfter) * 1000);
  }
}

/** The options of a database, through a proxy in front of it. */
function through({ options }: ProcessDatabase, proxy: TcpProxy): DataSourceOptions {
  const url = new URL((options as { url: string }).url);
  url.host = `127.0.0.1:${String(proxy.port)}`;
  return { ...options, url: String(url) } as DataSourceOptions;
}

/** What keeps the database from answering. */
interface Trouble {
  readonly over: Promise<void>;
}

const SERVERS = PROCESS_DATABASES.filter(({ type }) => type !== 'SQLite');

describe.each(SERVERS)('on a $name that is slow', ({ type, create }) => {
  let database: ProcessDatabase;
  let proxy: TcpProxy;
  let app: AppProcess;
  let other: AppProcess;
  const row = (sid: string) => database.dataSource.getRepository(JwtoSession).findOneBy({ sid });

  beforeEach(async () => {
    database = await create();
    const { hostname, port } = new URL((database.options as { url: string }).url);
    proxy = await TcpProxy.before(hostname, Number(port || (type === 'MariaDB' ? 3306 : 5432)));
    const env = { JWTO_ROTATION_GRACE: `${String(GRACE)}s`, JWTO_MAX_STALENESS: '2s' };
    app = await AppProcess.start({ ...database, options: through(database, proxy) }, env);
    other = await AppProcess.start(database, env);
  });
  afterEach(async () => {
    proxy.resume();
    await Promise.all([app.kill(), other.kill()]);
    await proxy.close();
    await database.drop();
  });

  /** Holds a lock on a connection of its own. */
  async function hold(take: string, letGo: string): Promise<Trouble> {
    const runner = database.dataSource.createQueryRunner();
    for (const sql of take.split('; ')) await runner.query(sql);
    return {
      over: sleep(LONG).then(async () => {
        await runner.query(letGo);
        await runner.release();
      }),
    };
  }

  /** Whoever goes on got a successor, the old token is reuse once that is used, and nobody was told of anything. */
  async function expectToGoOn(first: string, { last }: { last: Reply }): Promise<void> {
    expect([last.status, last.code]).toEqual([200, undefined]);
    expect([...app.alarms(), ...other.alarms()]).toEqual([]);
    expect((await row(sidOf(first)))?.currentJti).toBe(jtiOf(last.refresh));
    await sleep(GRACE * 1000);
    expect((await refresh(app.url, last.refresh)).status).toBe(200);
    expect((await refresh(app.url, first)).code).toBe('token_reused');
    expect(app.alarms()).toEqual(['jwto.refresh_reused', 'jwto.session_revoked']);
  }

  const table = (): string => database.dataSource.getMetadata(JwtoSession).tablePath;
  const lockRow = (sid: string): Promise<Trouble> =>
    hold(`BEGIN; SELECT sid FROM ${table()} WHERE sid = '${sid}' FOR UPDATE`, 'ROLLBACK');
  const lockTable = (): Promise<Trouble> =>
    type === 'MariaDB'
      ? hold(`LOCK TABLES ${table()} WRITE`, 'UNLOCK TABLES')
      : hold(`BEGIN; LOCK TABLE ${table()} IN ACCESS EXCLUSIVE MODE`, 'ROLLBACK');
  const until = (end: () => void): Promise<Trouble> => Promise.resolve({ over: sleep(LONG).then(end) });

  it.each([
    ['one row is locked', (sid: string) => lockRow(sid)],
    ['the table is locked', () => lockTable()],
    [
      'what is said to the database is held',
      () => {
        proxy.halt();
        return until(() => {
          proxy.resume();
        });
      },
    ],
    [
      'its answer to the UPDATE is held',
      () => {
        proxy.watch = async ({ said }) => {
          if (!/UPDATE [^ ]*jwto_session/.test(said)) return;
          proxy.watch = () => sleep(LONG);
          await sleep(LONG);
        };
        return until(() => {
          proxy.watch = undefined;
        });
      },
    ],
    [
      'every byte is swallowed',
      () => {
        proxy.isSwallowing = true;
        return until(() => {
          proxy.isSwallowing = false;
        });
      },
    ],
  ])('a client that obeys Retry-After goes on while %s, and real reuse is found', async (_what, trouble) => {
    const { refresh: first } = await login(app.url);
    const { over } = await trouble(sidOf(first));
    const result = await goesOn(app.url, first);
    expect(result.refused).toBeGreaterThan(0);
    await over;
    await expectToGoOn(first, result);
  });

  it('a client goes on while each round trip takes most of what a statement may', async () => {
    const { refresh: first } = await login(app.url);
    proxy.delay = GRACE * 140;
    const result = await goesOn(app.url, first);
    proxy.delay = 0;
    await expectToGoOn(first, result);
  });

  it('another process, too, takes nobody for a thief', async () => {
    const { refresh: first } = await login(app.url);
    const written = new Promise<void>((resolve) => {
      proxy.watch = async ({ said }) => {
        if (!/UPDATE [^ ]*jwto_session/.test(said)) return;
        proxy.isSwallowing = true;
        resolve();
        await sleep(LONG);
      };
    });
    const lost = refresh(app.url, first);
    await written;
    expect((await row(sidOf(first)))?.generation).toBe(1);
    expect((await lost).status).toBe(503);
    proxy.watch = undefined;
    proxy.isSwallowing = false;
    // It is taken back, however long the client stays away.
    await expect.poll(async () => (await row(sidOf(first)))?.generation, { timeout: 30_000 }).toBe(0);
    const { last } = await goesOn(other.url, first);
    expect([last.status, ...app.alarms(), ...other.alarms()]).toEqual([200]);
  });

  it('a login that is answered 503 is not written later', async () => {
    const username = newUser();
    const { refresh: mine } = await login(other.url, username);
    proxy.halt();
    const refused = await login(app.url, username);
    expect(refused.status).toBe(503);
    proxy.resume();
    await sleep(1000);
    // Its INSERT has arrived by now, past its deadline; or its session is removed.
    await expect
      .poll(() => database.dataSource.getRepository(JwtoSession).count(), { timeout: 30_000, interval: 500 })
      .toBe(1);
    expect((await refresh(other.url, mine)).status).toBe(200);
  });

  it('the process recovers from a partition without a word', async () => {
    const { access } = await login(app.url);
    proxy.isSwallowing = true;
    await sleep(LONG);
    expect((await guarded(app.url, access)).code).toBe('store_unavailable');
    proxy.isSwallowing = false;
    await expect.poll(async () => (await guarded(app.url, access)).status, { timeout: 20_000 }).toBe(200);
    expect((await login(app.url)).status).toBe(200);
  });
});
