import { mkdir } from 'node:fs/promises';
import { Module, type DynamicModule } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { DataSource } from 'typeorm';
import type { SampleOptions } from '../sample-options.js';
import { databaseOptions } from './database-options.js';
import { migrate } from './migrate.js';

/** The application's one data source. jwto finds it by itself. */
@Module({})
export class DatabaseModule {
  static with(options: SampleOptions): DynamicModule {
    return {
      module: DatabaseModule,
      imports: [
        TypeOrmModule.forRootAsync({
          useFactory: () => ({ ...databaseOptions(options), retryAttempts: 0 }),
          dataSourceFactory: () => openDatabase(options),
        }),
      ],
    };
  }
}

async function openDatabase(options: SampleOptions): Promise<DataSource> {
  if (options.databaseUrl === undefined) await mkdir(options.dataDir, { recursive: true });
  const dataSource = new DataSource(databaseOptions(options));
  try {
    await dataSource.initialize();
    await migrate(dataSource);
    return dataSource;
  } catch (error) {
    throw new Error('The database cannot be opened', { cause: error });
  }
}
