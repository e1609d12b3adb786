import { getMetadataArgsStorage, type EntityTarget, type ObjectLiteral, type QueryRunner } from 'typeorm';
import { dataSourceOf } from './typeorm-versions.js';

/**
 * The path of an entity's table, for a migration. It is also known where the data source does not have the entity: a
 * migration that failed there would be TypeORM's retry loop, before the start can say what is missing.
 */
export function tablePathOf(runner: QueryRunner, entity: EntityTarget<ObjectLiteral>): string {
  const dataSource = dataSourceOf(runner);
  if (dataSource.hasMetadata(entity)) return dataSource.getMetadata(entity).tablePath;
  const { driver, namingStrategy, options } = dataSource;
  const declared = getMetadataArgsStorage().tables.find(({ target }) => target === entity);
  const className = typeof entity === 'function' ? entity.name : '';
  const name = namingStrategy.tableName(className, declared?.name);
  const prefixed = options.entityPrefix ? namingStrategy.prefixTableName(options.entityPrefix, name) : name;
  return driver.buildTableName(prefixed, (options as { schema?: string }).schema);
}
