import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { JwtoModule } from 'jwto';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterEach, describe, expect, it } from 'vitest';
import { DATABASES } from '../support/databases.js';
import { startError } from '../support/startup.js';
import { SIGNING_KEY } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

/** What `migration:generate` would write. */
async function difference({ driver }: DataSource): Promise<string[]> {
  return (await driver.createSchemaBuilder().log()).upQueries.map(({ query }) => query);
}

describe.each(DATABASES)('jwtoMigrations without jwtoEntities on $name,', (database) => {
  const open: DataSource[] = [];
  afterEach(async () => {
    for (const source of open.splice(0)) await source.destroy();
  });
  const connect = async (more: object = {}): Promise<DataSource> => {
    const source = await new DataSource({ ...database.options(), ...more }).initialize();
    open.push(source);
    return source;
  };

  it.each(['', 'app1_'])(
    'stop the start at once where only the migrations are given, with the prefix "%s"',
    async (entityPrefix) => {
      const options = { ...database.options(), entities: [], entityPrefix } as DataSourceOptions;
      const error = await startError(async () => {
        const imports = [
          // Nest would try a migration that fails again after 100 s.
          TypeOrmModule.forRoot({ ...options, retryAttempts: 2, retryDelay: 100_000 }),
          JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: TestUsers }),
        ];
        const testing = Test.createTestingModule({ imports }).setLogger(false as never);
        await (await testing.compile()).init();
      });
      expect(error.message).toContain('add ...jwtoEntities to `entities`');
      // The tables have the names that the entities will look for.
      expect(
        await difference(await connect({ ...(database.name === 'SQLite' ? {} : { dropSchema: false }), entityPrefix })),
      ).toEqual([]);
    },
  );
});
