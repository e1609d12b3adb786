import { Logger, type InjectionToken, type Provider } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import { MemoryStore } from '../memory/memory-store.js';
import { JwtoStore } from '../store/jwto-store.js';
import { TypeormStore } from '../typeorm/typeorm-store.js';
import { provide, type JwtoModuleExtras } from './module-options.js';
import { DATA_SOURCE, part, SETTINGS } from './part.js';

/** The providers of a module instance's store, which waits for the settings, so that wrong ones are reported first. */
export function storeProviders(extras: JwtoModuleExtras): Provider[] {
  const { store } = extras;
  if (store === 'memory') return [{ provide: JwtoStore, useFactory: memoryStore, inject: [SETTINGS] }];
  if (store !== undefined) return [provide(JwtoStore, store)];
  return [
    dataSourceProvider(extras),
    part(JwtoStore, { source: DATA_SOURCE }, ({ source }) => TypeormStore.open(source)),
  ];
}

function memoryStore(): JwtoStore {
  if (process.env['NODE_ENV'] === 'production') {
    new Logger('Jwto').warn(
      "store is 'memory': a restart signs everybody out, and other processes know nothing of it. Give a database in production",
    );
  }
  return new MemoryStore();
}

function dataSourceProvider({ dataSource = DataSource }: JwtoModuleExtras): Provider {
  if (typeof dataSource === 'object') return { provide: DATA_SOURCE, useValue: dataSource };
  const named: InjectionToken[] = typeof dataSource === 'string' ? [`${dataSource}DataSource`] : [];
  return {
    provide: DATA_SOURCE,
    useFactory: (_settings: unknown, ...found: (DataSource | undefined)[]) => {
      const source = found.find((one) => one !== undefined);
      if (source !== undefined) return source;
      const what =
        dataSource === DataSource ? 'a TypeORM DataSource' : 'the DataSource that the dataSource option names';
      throw new JwtoConfigurationError(
        `it needs ${what}: import TypeOrmModule.forRoot(…), or give the dataSource option`,
      );
    },
    inject: [SETTINGS, ...[dataSource, ...named].map((one) => ({ token: one, optional: true }))],
  };
}
