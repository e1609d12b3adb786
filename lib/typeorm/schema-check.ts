import type { DataSource, EntityTarget, ObjectLiteral } from 'typeorm';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import { idCollation } from './columns.js';

/**
 * Looks at start whether the tables are there as they must be, so that a forgotten line is one clear message and not a
 * 503 at the first login.
 *
 * @throws {@link JwtoConfigurationError} naming what is missing and what to do
 */
export async function assertSchema(
  dataSource: DataSource,
  entities: readonly EntityTarget<ObjectLiteral>[],
): Promise<void> {
  if (!dataSource.isInitialized) {
    throw new JwtoConfigurationError(
      'its DataSource is not initialized: call dataSource.initialize() before the application starts',
    );
  }
  if (!entities.every((entity) => dataSource.hasMetadata(entity))) {
    throw new JwtoConfigurationError('the DataSource does not know its entities: add ...jwtoEntities to `entities`');
  }
  const runner = dataSource.createQueryRunner('master');
  try {
    const collation = await idCollation(runner);
    for (const entity of entities) {
      const { tablePath, columns } = dataSource.getMetadata(entity);
      const table = await runner.getTable(tablePath);
      const missing = columns.map((column) => column.databaseName).filter((name) => !table?.findColumnByName(name));
      if (table === undefined || missing.length > 0) {
        const what =
          table === undefined ? `the table ${tablePath}` : `the column ${missing.join(', ')} of ${tablePath}`;
        throw new JwtoConfigurationError(
          `${what} is missing: add ...jwtoMigrations to \`migrations\` and run them (migrationsRun: true)`,
        );
      }
      const loose = columns.filter(({ databaseName, isPrimary }) => {
        const column = table.findColumnByName(databaseName);
        return collation !== undefined && (isPrimary || databaseName === 'user_id') && column?.collation !== collation;
      });
      if (loose.length > 0) {
        throw new JwtoConfigurationError(
          `${tablePath} compares ${loose.map(({ databaseName }) => databaseName).join(', ')} loosely, which makes different users one: ` +
            `create the tables by jwtoMigrations (collation ${String(collation)}), not by \`synchronize\``,
        );
      }
    }
  } catch (error) {
    if (error instanceof JwtoConfigurationError) throw error;
    throw new JwtoConfigurationError('the database cannot be reached', { cause: error });
  } finally {
    await runner.release().catch(() => undefined);
  }
}
