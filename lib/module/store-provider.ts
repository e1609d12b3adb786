import { Logger, type InjectionToken, type Provider } from '@nestjs/common';
import { DataSource } from 'typeorm';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import { MemoryStore } from '../memory/memory-store.js';
import type { JwtoStore } from '../store/jwto-store.js';
import { TypeormStore } from '../typeorm/typeorm-store.js';
import { provide, type JwtoModuleExtras } from './module-options.js';

/**
 * The providers of a module instance's store.
 *
 * @param token - where the store is
 * @param dataSource - where the TypeORM data source is; only used where the settings name no other store
 * @param settings - waited for first, so that wrong settings are reported before a missing data source
 */
export function storeProviders(
  extras: JwtoModuleExtras,
  { token, dataSource, settings }: Record<'token' | 'dataSource' | 'settings', symbol>,
): Provider[] {
  const { store } = extras;
  if (store === 'memory') {
    return [{ provide: token, useFactory: memoryStore, inject: [settings] }];
  }
  if (store !== undefined) return [provide(token, store)];
  return [
    dataSourceProvider(extras, { dataSource, settings }),
    {
      provide: token,
      useFactory: (source: DataSource): Promise<JwtoStore> => TypeormStore.open(source),
      inject: [dataSource],
    },
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

function dataSourceProvider(
  { dataSource = DataSource }: JwtoModuleExtras,
  tokens: Record<'dataSource' | 'settings', symbol>,
): Provider {
  if (typeof dataSource === 'object') return { provide: tokens.dataSource, useValue: dataSource };
  const named: InjectionToken[] = typeof dataSource === 'string' ? [`${dataSource}DataSource`] : [];
  return {
    provide: tokens.dataSource,
    useFactory: (_settings: unknown, ...found: (DataSource | undefined)[]) => {
      const source = found.find((one) => one !== undefined);
      if (source !== undefined) return source;
      const what =
        dataSource === DataSource ? 'a TypeORM DataSource' : 'the DataSource that the dataSource option names';
      throw new JwtoConfigurationError(
        `it needs ${what}: import TypeOrmModule.forRoot(…), or give the dataSource option`,
      );
    },
    inject: [tokens.settings, ...[dataSource, ...named].map((one) => ({ token: one, optional: true }))],
  };
}
