import { TypeOrmModule } from '@nestjs/typeorm';
import { Test } from '@nestjs/testing';
import { Clock, JwtoModule } from 'jwto';
import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { DATABASES, SQLITE } from '../support/databases.js';
import { SIGNING_KEY } from '../support/test-app.js';
import { isPoll, worldOf, type World } from '../support/two-apps.js';
import { TestUsers } from '../support/users.js';

const ASKS_THE_TIME = /clock_timestamp|UNIX_TIMESTAMP|UTC_TIMESTAMP/;
const servers = DATABASES.filter(({ name }) => name !== 'SQLite');
const named = (wanted: string) => DATABASES.filter(({ name }) => name === wanted);

/** Lets the event loop turn, whatever timers are faked; at most so long that a test which waits in vain fails by itself. */
async function until(isDone: () => boolean): Promise<void> {
  const giveUp = performance.now() + 10_000;
  while (!isDone() && performance.now() < giveUp) await new Promise(setImmediate);
}

/** Europe/Berlin's rules of 2026, under a name of our own: a server need not have the zones loaded. */
const ZONE = `jwto/Berlin-${String(process.pid)}`;
const SPRING = Date.UTC(2026, 2, 29, 1);
const AUTUMN = Date.UTC(2026, 9, 25, 1);

describe.each(named('MariaDB'))('the clock of $name in a zone with summer time', (database) => {
  let zone = 0;
  const admin = new DataSource({ ...database.options(), migrationsRun: false });
  beforeAll(async () => {
    await admin.initialize();
    const runner = admin.createQueryRunner();
    const { insertId } = (await runner.query("INSERT INTO mysql.time_zone (Use_leap_seconds) VALUES ('N')")) as {
      insertId: number;
    };
    zone = insertId;
    await runner.query('INSERT INTO mysql.time_zone_name (Name, Time_zone_id) VALUES (?, ?)', [ZONE, zone]);
    await runner.query("INSERT INTO mysql.time_zone_transition_type VALUES (?, 0, 3600, 0, 'CET')", [zone]);
    await runner.query("INSERT INTO mysql.time_zone_transition_type VALUES (?, 1, 7200, 1, 'CEST')", [zone]);
    for (const [moment, type] of [
      [SPRING, 1],
      [AUTUMN, 0],
    ] as const)
      await runner.query('INSERT INTO mysql.time_zone_transition VALUES (?, ?, ?)', [zone, moment / 1000, type]);
    await runner.release();
  });
  afterAll(async () => {
    for (const table of ['time_zone', 'time_zone_name', 'time_zone_transition', 'time_zone_transition_type'])
      await admin.query(`DELETE FROM mysql.${table} WHERE Time_zone_id = ?`, [zone]);
    await admin.destroy();
  });

  /** By how much the start corrects a clock that says the time that the server has. */
  async function correctionAt(moment: number): Promise<number[]> {
    const corrections: number[] = [];
    class StandingClock extends Clock {
      override now = (): number => moment;
      override correct = (milliseconds: number): void => void corrections.push(milliseconds);
    }
    const one = { ...database.options(), poolSize: 1 } as DataSourceOptions;
    const source = await new DataSource(one).initialize();
    await source.query(`SET time_zone = '${ZONE}', timestamp = ${String(moment / 1000)}`);
    const imports = [
      TypeOrmModule.forRootAsync({ useFactory: () => one, dataSourceFactory: () => Promise.resolve(source) }),
      JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: TestUsers }),
    ];
    const testing = Test.createTestingModule({ imports }).overrideProvider(Clock).useClass(StandingClock);
    const app = await testing.setLogger(false as never).compile();
    await app.close();
    return corrections;
  }

  it.each([
    ['before the hour that comes twice', AUTUMN - 3_600_001],
    ['in its first coming', AUTUMN - 1_800_000],
    ['at the last millisecond of that', AUTUMN - 1],
    ['in its second coming', AUTUMN + 1_800_000],
    ['after it', AUTUMN + 3_600_000],
    ['before the hour that is left out', SPRING - 1],
    ['after it, at a fraction', SPRING + 250],
    ['at a fraction that rounds up', Date.UTC(2026, 6, 1, 12, 0, 0, 999)],
  ])('is right %s', async (_when, moment) => {
    expect(await correctionAt(moment)).toEqual([]);
  });
});

describe.each(servers)('the clock of $name', (database) => {
  let world: World;
  afterEach(() => world.close());

  it.each(['database', 'refresh'] as const)(
    'is asked again without a replica too, blocklistCheck: %s',
    async (check) => {
      world = worldOf(database);
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      const { line } = await world.start({ blocklistCheck: check, pollInterval: '60s', maxStaleness: '60s' });
      const asked = (): number => line.statements.filter((sql) => ASKS_THE_TIME.test(sql)).length;
      for (let minute = 0; minute < 2; minute++) {
        const before = asked();
        vi.advanceTimersByTime(60_000);
        await until(() => asked() > before);
        expect(asked()).toBeGreaterThan(before);
        // The answer must have come: questions at the same time are one.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  );
});

describe.each(named('PostgreSQL'))('a stream of NOTIFY on $name', (database) => {
  let world: World;
  afterEach(() => world.close());

  it('does not put the poll off', async () => {
    world = worldOf(database);
    const queries = vi.spyOn(pg.Client.prototype, 'query');
    const { line } = await world.start({ pollInterval: '60s', maxStaleness: '60s' });
    const listening = (): number => queries.mock.calls.findIndex(([sql]) => sql.startsWith('LISTEN'));
    await until(() => listening() >= 0);
    const client = queries.mock.contexts[listening()] as pg.Client;
    const polls = (): number => line.statements.filter(isPoll).length;
    // The poll that follows the connection.
    await vi.waitFor(() => {
      expect(polls()).toBeGreaterThan(0);
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = polls();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    for (let message = 0; message < 100; message++) {
      client.emit('notification', {});
      vi.advanceTimersByTime(5);
    }
    await until(() => polls() > before);
    expect(polls()).toBeGreaterThan(before);
  });
});

describe('the clock of SQLite', () => {
  it("is the process's own, and is not asked", async () => {
    const world = worldOf(SQLITE);
    const { line, clock, tokens, users } = await world.start();
    clock.advance(3600);
    await tokens.issue(users.named('bob'));
    expect(line.statements.filter((sql) => ASKS_THE_TIME.test(sql))).toEqual([]);
    await world.close();
  });
});
