import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SqlDatabase } from '../../lib/sql/sql-database.js';
import { TypeormExecutor } from '../../lib/typeorm/typeorm-executor.js';
import { PostgresWakeUp } from '../../lib/typeorm/postgres-wake-up.js';
import { FakePostgres, type FakeAnswer } from '../support/fake-postgres.js';

const SOON = { timeout: 20_000, interval: 20 };

describe('a PostgreSQL that is stopped', () => {
  let fake: FakePostgres;
  let source: DataSource;
  let store: SqlDatabase;
  const uncaught: unknown[] = [];
  const note = (error: unknown): void => void uncaught.push(error);
  beforeEach(async () => {
    fake = await FakePostgres.start();
    source = await connect({});
    store = databaseOn(source);
    uncaught.length = 0;
    process.on('uncaughtExceptionMonitor', note);
  });
  afterEach(async () => {
    vi.useRealTimers();
    // What is emitted on a later turn of the loop, too.
    await new Promise(setImmediate);
    process.off('uncaughtExceptionMonitor', note);
    await source.destroy();
    await fake.close();
    expect(uncaught).toEqual([]);
  });

  function connect(options: object): Promise<DataSource> {
    const plain = { type: 'postgres', url: fake.url, extra: { max: 1 }, logger: 'simple-console', logging: false };
    return new DataSource({ ...plain, ...options } as ConstructorParameters<typeof DataSource>[0]).initialize();
  }
  const ask = (): Promise<unknown> =>
    store.run(
      store.statement(() => 'SELECT 1'),
      {},
    );
  /** After whatever has happened, statements are answered again. */
  async function recovers(): Promise<void> {
    fake.toStart = fake.toQuery = 'right';
    await vi.waitFor(ask, SOON);
  }

  it.each<FakeAnswer>(['right, and stops', 'stops'])('while a statement runs: %s', async (answer) => {
    fake.toQuery = answer;
    await ask().catch(() => undefined);
    await recovers();
  });

  it.each<FakeAnswer>(['right, and stops', 'stops'])('while a connection is made: %s', async (answer) => {
    fake.stopAll();
    await vi.waitFor(() => {
      expect(fake.connections).toBe(0);
    }, SOON);
    fake.toStart = answer;
    await ask().catch(() => undefined);
    await recovers();
  });

  it('while the connection is idle', async () => {
    fake.stopAll();
    await vi.waitFor(() => {
      expect(fake.connections).toBe(0);
    }, SOON);
    await recovers();
  });

  it('while others wait for the connection of the statement', async () => {
    fake.toQuery = 'right, and stops';
    await Promise.allSettled([ask(), ask(), ask()]);
    await recovers();
  });

  it('while nobody listens yet to a connection that was made before ours, and to one of a slave', async () => {
    const replication = { master: { url: fake.url }, slaves: [{ url: fake.url }] };
    const replicated = await connect({ url: undefined, replication });
    databaseOn(replicated);
    const { master, slaves } = replicated.driver as unknown as Record<'master', Pool> & Record<'slaves', Pool[]>;
    for (const pool of [master, ...slaves]) {
      const client = await pool.connect();
      // It has no listener of the pool now, and none of TypeORM.
      expect(() => {
        client.emit('error', new Error('terminating connection'));
      }).not.toThrow();
      client.release(true);
    }
    await replicated.destroy();
  });

  it.each<['toStart' | 'toQuery', FakeAnswer]>([
    ['toStart', 'right, and stops'],
    ['toStart', 'stops'],
    ['toQuery', 'right, and stops'],
    ['toQuery', 'stops'],
  ])('under the connection that listens, and it is made anew: %s, %s', async (when, answer) => {
    const wakeUp = new PostgresWakeUp(source, () => Promise.resolve());
    const woken = vi.fn();
    fake[when] = answer;
    wakeUp.listen(woken);
    await vi.waitFor(() => {
      expect(fake.connections).toBe(1);
    }, SOON);
    fake.toStart = fake.toQuery = 'right';
    await vi.waitFor(() => {
      expect(fake.connections).toBe(2);
      expect(woken).toHaveBeenCalled();
    }, SOON);
    fake.stopAll();
    woken.mockClear();
    await vi.waitFor(() => {
      expect(woken).toHaveBeenCalled();
    }, SOON);
    await wakeUp.stop();
  });

  it.each(['is made', 'makes LISTEN', 'listens'])(
    'or a network that loses the connection which %s, without a word, is noticed, and it is made anew',
    async (when) => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] });
      const wakeUp = new PostgresWakeUp(source, () => Promise.resolve());
      const woken = vi.fn();
      if (when === 'is made') fake.toStart = 'nothing';
      if (when === 'makes LISTEN') fake.toQuery = 'nothing';
      const heard = (): number => fake.statements.filter((sql) => sql.startsWith('LISTEN')).length;
      wakeUp.listen(woken);
      await vi.waitFor(() => {
        expect([fake.connections, heard()]).toEqual([2, when === 'is made' ? 0 : 1]);
        expect(woken).toHaveBeenCalledTimes(when === 'listens' ? 1 : 0);
      }, SOON);
      fake.silenceAll();
      // Three seconds of it, and all is right again.
      await vi.advanceTimersByTimeAsync(3000);
      fake.toStart = fake.toQuery = 'right';
      woken.mockClear();
      // The time that is faked runs fast; what the sockets do takes real time.
      for (let passed = 0; woken.mock.calls.length === 0 && passed < 300_000; passed += 500) {
        await vi.advanceTimersByTimeAsync(500);
        await sleep(20);
      }
      expect(woken).toHaveBeenCalledTimes(1);
      vi.useRealTimers();
      await wakeUp.stop();
    },
  );

  it.each<'toStart' | 'toQuery'>(['toStart', 'toQuery'])(
    'or that does not answer (%s) leaves no connection that listens, and is not waited for',
    async (when) => {
      fake[when] = 'nothing';
      const wakeUp = new PostgresWakeUp(source, () => Promise.resolve());
      wakeUp.listen(() => undefined);
      await vi.waitFor(() => {
        expect(fake.connections).toBe(2);
      }, SOON);
      const started = performance.now();
      await wakeUp.stop();
      expect(performance.now() - started).toBeLessThan(4000);
      await vi.waitFor(() => {
        expect(fake.connections).toBe(1);
      }, SOON);
    },
  );

  it('or that does not answer loses the connections of late statements when the application ends', async () => {
    const pooled = await connect({ extra: { max: 2 } });
    const executor = new TypeormExecutor(pooled);
    const other = new SqlDatabase(executor, TABLES);
    const select = other.statement(() => 'SELECT 1');
    const before = fake.connections;
    fake.toQuery = fake.toStart = 'nothing';
    // One has its connection, and one waits for a new one.
    const asked = Promise.allSettled([other.run(select, {}), other.run(select, {})]);
    await vi.waitFor(() => {
      expect(fake.connections).toBe(before + 1);
    }, SOON);
    const started = performance.now();
    await executor.close();
    // The pool waits for each of its connections.
    await pooled.destroy();
    expect(performance.now() - started).toBeLessThan(10_000);
    const refused = { status: 'rejected', reason: { code: 'store_unavailable' } };
    expect(await asked).toMatchObject([refused, refused]);
    await vi.waitFor(() => {
      expect(fake.connections).toBe(1);
    }, SOON);
  });
});

/** Not asked for. */
const TABLES = { session: 'jwto_session', blocklist: 'jwto_blocklist' };

function databaseOn(dataSource: DataSource): SqlDatabase {
  return new SqlDatabase(new TypeormExecutor(dataSource), TABLES);
}

/** What is used of a pool of `pg`. */
interface Pool {
  connect(): Promise<{ emit(event: 'error', error: Error): void; release(destroy: boolean): void }>;
}
