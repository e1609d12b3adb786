import { pathToFileURL } from 'node:url';
import { join } from 'node:path';
import { JwtoSession, MemoryStore, type JwtoStore } from 'jwto';
import type { ConformanceCase, ConformanceOptions } from 'jwto/store-conformance';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSample, ROOT } from '../sample/build-sample.js';
import { PROCESS_DATABASES, type ProcessDatabase } from './process-databases.js';

/** What was built, as a consumer loads it: its processes run it without Vitest. */
const BUILT = pathToFileURL(join(ROOT, 'dist/conformance/index.js')).href;
const WORKER = new URL('open-store.mjs', import.meta.url);

interface Built {
  storeConformance: (options: ConformanceOptions) => ConformanceCase[];
}

let storeConformance: Built['storeConformance'];

beforeAll(async () => {
  await buildSample();
  ({ storeConformance } = (await import(/* @vite-ignore */ BUILT)) as Built);
}, 180_000);

/** The names of the cases that fail, with their reasons. */
async function failuresOf(cases: readonly ConformanceCase[]): Promise<string[]> {
  const failures: string[] = [];
  for (const { name, run } of cases) {
    await run().catch((error: unknown) => failures.push(`${name}: ${String(error)}`));
  }
  return failures;
}

describe.each(PROCESS_DATABASES)('TypeORM on $name', ({ create, type }) => {
  let database: ProcessDatabase;
  beforeAll(async () => {
    database = await create();
    const { options, isolation } = database;
    process.env['TEST_DATABASE'] = JSON.stringify({ options, isolation });
  });
  afterAll(async () => {
    delete process.env['TEST_DATABASE'];
    await database.drop();
  });

  /** Another connection locks the row. SQLite has no such lock. */
  async function hold(sid: string): Promise<() => Promise<void>> {
    const runner = database.dataSource.createQueryRunner();
    await runner.startTransaction();
    const locked = runner.manager.createQueryBuilder(JwtoSession, 'session').setLock('pessimistic_write');
    await locked.where({ sid }).getOneOrFail();
    return async () => {
      await runner.rollbackTransaction();
      await runner.release();
    };
  }

  it('keeps every promise of the ports', async () => {
    const { default: open } = (await import(/* @vite-ignore */ WORKER.href)) as { default: () => Promise<JwtoStore> };
    const options = { open, worker: WORKER, hold: type === 'SQLite' ? undefined : hold };
    const cases = storeConformance(options);
    expect(cases.length).toBeGreaterThan(35);
    expect(await failuresOf(cases)).toEqual([]);
  });
});

describe('memory', () => {
  it('keeps every promise of the ports', async () => {
    const store = new MemoryStore();
    expect(await failuresOf(storeConformance({ open: () => Promise.resolve(store) }))).toEqual([]);
  });
});
