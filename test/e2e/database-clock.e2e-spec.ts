import { createConnection, type Connection } from 'mysql2/promise';
import type { Logger } from 'typeorm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DATABASES } from '../support/databases.js';
import { startApp } from '../support/test-app.js';

const ZONE = 'jwto/Berlin';
/** 2026: summer time begins and ends, each at 01:00 UTC; seconds since the epoch. */
const SPRING = Date.UTC(2026, 2, 29, 1) / 1000;
const AUTUMN = Date.UTC(2026, 9, 25, 1) / 1000;

const mariadb = DATABASES.find(({ name }) => name === 'MariaDB');

/** The server's own clock stands at `timestamp`, in a zone whose hour comes twice in autumn and not at all in spring. */
describe.runIf(mariadb !== undefined)('the time that MariaDB is asked for', () => {
  let connection: Connection;
  let zone: number;
  let sql = '';
  beforeAll(async () => {
    const asked: string[] = [];
    const logger = { logQuery: (query: string) => void asked.push(query) } as Partial<Logger>;
    for (const name of ['logQueryError', 'logQuerySlow', 'logSchemaBuild', 'logMigration', 'log'] as const)
      logger[name] = () => undefined;
    const options = () => ({ ...mariadb?.options(), logging: true, logger: logger as Logger });
    const test = await startApp({ database: { name: 'MariaDB', options: options as never } });
    await test.close();
    sql = asked.find((query) => query.includes('TIMESTAMP') && query.includes('now')) ?? '';

    connection = await createConnection(process.env['TEST_MARIADB_URL'] ?? '');
    const [{ insertId }] = (await connection.query(
      "INSERT INTO mysql.time_zone (Use_leap_seconds) VALUES ('N')",
    )) as unknown as [{ insertId: number }];
    zone = insertId;
    await connection.query('INSERT INTO mysql.time_zone_name VALUES (?, ?)', [ZONE, zone]);
    await connection.query(
      'INSERT INTO mysql.time_zone_transition_type VALUES (?, 0, 3600, 0, "CET"), (?, 1, 7200, 1, "CEST")',
      [zone, zone],
    );
    await connection.query('INSERT INTO mysql.time_zone_transition VALUES (?, ?, 1), (?, ?, 0)', [
      zone,
      SPRING,
      zone,
      AUTUMN,
    ]);
    await connection.query('SET time_zone = ?', [ZONE]);
  });
  afterAll(async () => {
    for (const table of ['time_zone_transition', 'time_zone_transition_type', 'time_zone_name', 'time_zone'])
      await connection.query(`DELETE FROM mysql.${table} WHERE Time_zone_id = ?`, [zone]);
    await connection.end();
  });

  async function askedAt(seconds: number): Promise<number> {
    await connection.query('SET timestamp = ?', [seconds]);
    const [rows] = (await connection.query(sql)) as unknown as [{ now: string | number }[]];
    return Number(rows[0]?.now);
  }

  it.each([
    ['before summer time', SPRING - 1],
    ['in the hour that spring leaves out', SPRING + 1800],
    ['in the hour that comes twice, the first time', AUTUMN - 1800],
    ['the last second of it', AUTUMN - 0.001],
    ['in the hour that comes twice, the second time', AUTUMN + 1800],
    ['after it', AUTUMN + 3600],
    ['at a fraction of a second', AUTUMN + 0.123],
  ])('is UTC %s', async (_when, seconds) => {
    expect(await askedAt(seconds)).toBe(Math.round(seconds * 1000));
  });
});
