import { getDataSourceToken, TypeOrmModule } from '@nestjs/typeorm';
import { jwtoEntities, jwtoMigrations, JwtoModule, TokenService, type JwtoModuleOptions } from 'jwto';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Test } from '@nestjs/testing';
import { DATABASES, SQLITE } from '../support/databases.js';
import { followClock } from '../support/machine.js';
import { startError } from '../support/startup.js';
import { SIGNING_KEY, startApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

const BOB = { id: 2, username: 'bob' };
const TABLES = ['jwto_session', 'jwto_blocklist'];

/** Starts the library on a data source with these options. */
async function startOn(options: DataSourceOptions, jwto: Partial<JwtoModuleOptions> = {}): Promise<void> {
  const imports = [
    TypeOrmModule.forRoot({ ...options, retryAttempts: 0 }),
    JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: TestUsers, ...jwto }),
  ];
  const app = await Test.createTestingModule({ imports })
    .setLogger(false as never)
    .compile();
  await app.init();
  await app.close();
}

describe.each(DATABASES)('the tables on $name', (database) => {
  const { name } = database;
  const options = (): DataSourceOptions => database.options();
  let source = new DataSource(SQLITE.options());
  afterEach(async () => {
    if (source.isInitialized) await source.destroy();
  });

  async function tables(): Promise<string[]> {
    const runner = source.createQueryRunner();
    const found = await Promise.all(TABLES.map(async (table) => ((await runner.hasTable(table)) ? [table] : [])));
    await runner.release();
    return found.flat();
  }

  it('are made by the migrations, which can be reverted and run again', async () => {
    source = await new DataSource({ ...options(), migrationsRun: false }).initialize();
    expect(await tables()).toEqual([]);
    expect((await source.runMigrations()).map((migration) => migration.name)).toEqual(
      jwtoMigrations.map((one) => one.name),
    );
    expect(await tables()).toEqual(TABLES);
    await source.undoLastMigration();
    await source.undoLastMigration();
    expect(await tables()).toEqual([]);
    await source.runMigrations();
    expect(await tables()).toEqual(TABLES);
    // What the entities say and what the migrations made is the same, save for collations and indices.
    for (const { tablePath, columns } of source.entityMetadatas) {
      const table = await source.createQueryRunner().getTable(tablePath);
      const declared = columns.map((column) => column.databaseName).sort();
      expect(table?.columns.map((column) => column.name).sort()).toEqual(declared);
    }
  });

  it('stop the start with what to do where they are missing, one too', async () => {
    const error = await startError(() => startOn({ ...options(), migrationsRun: false }));
    expect(error.message).toMatch(/jwto_session.*missing.*jwtoMigrations/);
    const half = { ...options(), migrations: [jwtoMigrations[0]] } as DataSourceOptions;
    expect((await startError(() => startOn(half))).message).toMatch(/jwto_blocklist.*missing.*jwtoMigrations/);
  });

  it('stop the start where a column is missing', async () => {
    source = await new DataSource(options()).initialize();
    const { tablePath } = source.getMetadata(jwtoEntities[0]);
    await source.query(`ALTER TABLE ${tablePath} DROP COLUMN user_agent`);
    const error = await startError(() => startWith(source));
    expect(error.message).toMatch(/user_agent.*jwto_session.*missing/);
  });

  it('stop the start where the entities are missing', async () => {
    const without = { ...options(), entities: [], migrations: [], migrationsRun: false } as DataSourceOptions;
    expect((await startError(() => startOn(without))).message).toContain('...jwtoEntities');
    const half = { ...without, entities: [jwtoEntities[0]] } as DataSourceOptions;
    expect((await startError(() => startOn(half))).message).toContain('...jwtoEntities');
  });

  it('may be made by synchronize, but not on MariaDB, whose collation makes two users one', async () => {
    const synchronized = { ...options(), migrationsRun: false, migrations: [], synchronize: true } as DataSourceOptions;
    if (name === 'MariaDB') {
      expect((await startError(() => startOn(synchronized))).message).toMatch(
        /compares.*loosely.*utf8mb4_nopad_bin.*synchronize/,
      );
    } else {
      await startOn(synchronized);
    }
  });

  it('stop the start where the data source was not initialized, or is gone', async () => {
    source = new DataSource(options());
    expect((await startError(() => startWith(source))).message).toMatch(/not initialized/);
  });

  it.skipIf(name === 'SQLite')(
    'have all their statements on the primary, where the replica is another, empty database',
    async () => {
      const { url = '', ...rest } = options() as { url?: string } & DataSourceOptions;
      const empty = url.replace(/\/[^/]*$/, name === 'MariaDB' ? '/mysql' : '/postgres');
      const replicated = { ...rest, replication: { master: { url }, slaves: [{ url: empty }] } } as DataSourceOptions;
      const test = await startApp({
        database: { name, options: () => replicated },
        options: { maxSessionsPerUser: 3 },
      });
      // So a SELECT that TypeORM sends where it sends SELECTs fails.
      await expect(test.dataSource.getRepository(jwtoEntities[0]).count()).rejects.toThrow(/jwto_session/);
      const { tokens } = test;
      const { access, refresh, sid } = await tokens.issue(BOB);
      await tokens.verify(access);
      const next = await tokens.refresh(refresh);
      await tokens.updateRefresh(next.refresh);
      expect(await tokens.revokeToken(access)).toBe(true);
      await expect(tokens.verify(access)).rejects.toMatchObject({ code: 'token_revoked' });
      expect(await tokens.listSessions(2)).toHaveLength(1);
      expect(await tokens.revokeSession(sid)).toBe(true);
      await Promise.all([tokens.issue(BOB), tokens.issue(BOB)]);
      expect(await tokens.revokeUser(2)).toBe(2);
      followClock(test);
      test.clock.advance(40 * 86_400);
      // Of the token, the user, and both sign-ins of the very millisecond.
      expect(await tokens.purge()).toEqual({ sessions: 3, blocklist: 4 });
      vi.restoreAllMocks();
      const client = test.client();
      await client.login();
      expect((await client.get('/testapp/protect')).status).toBe(200);
      await test.close();
    },
  );
});

async function startWith(dataSource: DataSource): Promise<void> {
  const jwto = JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: TestUsers, dataSource });
  await Test.createTestingModule({ imports: [jwto] }).compile();
}

describe('the data source', () => {
  it.each<[string, DataSourceOptions]>([
    ['PostgreSQL', { type: 'postgres', url: 'postgres://nobody@127.0.0.1:1/none' }],
    ['MariaDB', { type: 'mariadb', url: 'mysql://nobody@127.0.0.1:1/none' }],
  ])('stops the start where %s is gone after its own start', async (_name, unreachable) => {
    const source = new DataSource({ ...unreachable, entities: [...jwtoEntities] });
    // As if it had been reachable when it started.
    await (source as unknown as { buildMetadatas(): Promise<void> }).buildMetadatas();
    Object.defineProperty(source, 'isInitialized', { value: true });
    const error = await startError(() => startWith(source));
    expect(error.message).toMatch(/database cannot be reached/);
    expect(error.cause).toBeInstanceOf(Error);
  });

  it('is asked for where there is none, and by its name where it has one', async () => {
    const jwto = (dataSource?: JwtoModuleOptions['dataSource']) =>
      JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: TestUsers, dataSource });
    const start = (dataSource?: JwtoModuleOptions['dataSource']) => () =>
      Test.createTestingModule({ imports: [jwto(dataSource)] }).compile();
    expect((await startError(start())).message).toMatch(/TypeOrmModule\.forRoot.*dataSource/);
    expect((await startError(start('auth'))).message).toMatch(/the DataSource that the dataSource option names/);
  });

  it.each<[string, (other: DataSource) => JwtoModuleOptions['dataSource'], string]>([
    ['its name', () => 'auth', 'auth'],
    ['its token', () => getDataSourceToken('auth'), 'auth'],
    ['itself', (other) => other, 'other'],
  ])('is found by %s', async (_how, dataSource, where) => {
    const other = await new DataSource(SQLITE.options()).initialize();
    const imports = [
      // The application's own has none of our tables.
      TypeOrmModule.forRoot({ type: 'better-sqlite3', database: ':memory:' }),
      TypeOrmModule.forRoot({ ...SQLITE.options(), name: 'auth' }),
      JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: TestUsers, dataSource: dataSource(other) }),
    ];
    const app = await Test.createTestingModule({ imports }).compile();
    await app.init();
    await app.get(TokenService).issue(BOB);
    const auth = app.get<DataSource>(getDataSourceToken('auth'));
    const counts = await Promise.all(
      [auth, other].map((one) => one.query<{ n: number }[]>('SELECT count(*) AS n FROM jwto_session')),
    );
    expect(counts.map(([row]) => row?.n)).toEqual(where === 'auth' ? [1, 0] : [0, 1]);
    await app.close();
    await other.destroy();
  });
});
