import { JwtoBlocklistEntry, JwtoSession } from 'jwto';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { DATABASES } from '../support/databases.js';

describe.each(DATABASES.map((database) => [database.name, database] as const))(
  'the tables on %s',
  (_name, database) => {
    const open: DataSource[] = [];
    const connect = async (more: Partial<DataSourceOptions> = {}): Promise<DataSource> => {
      const source = await new DataSource({ ...database.options(), ...more } as DataSourceOptions).initialize();
      open.push(source);
      return source;
    };
    afterEach(async () => {
      for (const source of open.splice(0)) await source.destroy();
    });
    /** What `migration:generate` would write. */
    const difference = async (source: DataSource): Promise<string[]> =>
      (await source.driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);
    const indices = async (source: DataSource): Promise<string[]> => {
      const runner = source.createQueryRunner();
      const tables = [JwtoSession, JwtoBlocklistEntry].map((entity) => source.getMetadata(entity).tablePath);
      const found = await Promise.all(tables.map((table) => runner.getTable(table)));
      await runner.release();
      return found
        .flatMap((table) => table?.indices.map(({ columnNames }) => [...columnNames].sort().join()) ?? [])
        .sort();
    };
    const EXPECTED = [
      'access_until,realm,revoked_at,sid',
      ...['expires_at,realm', 'expires_at,realm'],
      ...['realm,revoked_at', 'realm,revoked_at,sid', 'realm,user_id'],
    ];

    it('made by the migrations are those that the entities say, so that migration:generate leaves them', async () => {
      const source = await connect();
      expect(await difference(source)).toEqual([]);
      expect(await indices(source)).toEqual(EXPECTED);
    });

    it('keep their indices where the application synchronizes its own entities', async () => {
      const source = await connect();
      await source.synchronize();
      expect(await indices(source)).toEqual(EXPECTED);
    });

    it('have a prefix with their indices, so that two applications share a schema', async () => {
      const first = await connect({ entityPrefix: 'one_' });
      const second = await connect({ entityPrefix: 'two_', dropSchema: false, migrationsTableName: 'two_migrations' });
      for (const source of [first, second]) {
        expect(await indices(source)).toEqual(EXPECTED);
        expect(await difference(source)).toEqual([]);
      }
    });
  },
);
