import type { DataSource } from 'typeorm';
import type { WakeUp } from '../store/wake-up.js';
import { SqlDatabase } from '../sql/sql-database.js';
import { SqlStore } from '../sql/sql-store.js';
import { JwtoBlocklistEntry } from './blocklist-entry.entity.js';
import { PostgresWakeUp } from './postgres-wake-up.js';
import { assertSchema } from './schema-check.js';
import { JwtoSession } from './session.entity.js';
import { jwtoEntities } from './tables.js';
import { TypeormExecutor } from './typeorm-executor.js';

/** One for each data source: module instances share its connection in the background. */
const STORES = new WeakMap<DataSource, TypeormStore>();

/** The store in the application's TypeORM data source, which has {@link JwtoSession} and {@link JwtoBlocklistEntry}. */
export class TypeormStore extends SqlStore {
  private readonly notifying;

  private constructor(
    private readonly dataSource: DataSource,
    private readonly executor: TypeormExecutor,
  ) {
    const table = (entity: (typeof jwtoEntities)[number]): string => tableOf(dataSource, entity);
    super(new SqlDatabase(executor, { session: table(JwtoSession), blocklist: table(JwtoBlocklistEntry) }));
    this.notifying = this.database.statement(() => "SELECT pg_notify(:channel, '')");
  }

  /**
   * The store of a data source, which is initialised and has its tables.
   *
   * @throws JwtoConfigurationError naming what is missing and what to do
   */
  static async open(dataSource: DataSource): Promise<TypeormStore> {
    await assertSchema(dataSource, jwtoEntities);
    const store = STORES.get(dataSource) ?? new TypeormStore(dataSource, new TypeormExecutor(dataSource));
    STORES.set(dataSource, store);
    return store;
  }

  override wakeUp(): WakeUp {
    if (this.executor.dialect !== 'postgres') return super.wakeUp();
    return new PostgresWakeUp(this.dataSource, (channel) =>
      this.inBackground(() => this.database.run(this.notifying, { channel })),
    );
  }

  override close(): Promise<void> {
    return this.executor.close();
  }
}

/** The name of an entity's table, escaped for SQL. */
function tableOf(dataSource: DataSource, entity: (typeof jwtoEntities)[number]): string {
  const { tablePath } = dataSource.getMetadata(entity);
  return tablePath
    .split('.')
    .map((part) => dataSource.driver.escape(part))
    .join('.');
}
