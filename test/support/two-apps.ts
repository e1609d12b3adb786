import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IssuedTokens, JwtoModuleOptions, TokenService } from 'jwto';
import type { DataSource, DataSourceOptions, QueryRunner } from 'typeorm';
import { vi } from 'vitest';
import type { TestDatabase } from './databases.js';
import { startApp, type TestApp } from './test-app.js';

/** What stands between an application and its database; what is sent can be counted, refused and held up. */
export interface Line {
  /** Every statement since the start. */
  readonly statements: string[];
  /** The database is gone. */
  down: boolean;
  /** Awaited between the database's answer and the application; for a database that is slow, or hangs. */
  holdUp: ((sql: string) => Promise<void> | undefined) | undefined;
}

/** An application with connections of its own. */
export interface OwnApp extends TestApp {
  line: Line;
}

/** Some applications on one database, as processes would be. The first one's clock is the clock of all. */
export interface World {
  /** @param extra - for the driver, e.g. the size of its pool */
  start(options?: Partial<JwtoModuleOptions>, extra?: object): Promise<OwnApp>;
  close(): Promise<void>;
}

/** An empty database; SQLite's is a file, which several connections can open. */
export function worldOf(database: TestDatabase): World {
  const folder = mkdtempSync(join(tmpdir(), 'jwto-'));
  const apps: OwnApp[] = [];
  return {
    async start(options = {}, extra = {}) {
      const own = {
        ...database.options(),
        extra,
        ...(database.name === 'SQLite' ? { database: join(folder, 'jwto.sqlite') } : {}),
        ...(apps.length > 0 ? { dropSchema: false, migrationsRun: false } : {}),
      } as DataSourceOptions;
      const app = await startApp({ database: { name: database.name, options: () => own }, options });
      const started = { ...app, line: tap(app.dataSource) };
      Object.assign(app.clock, { time: apps[0]?.clock.time ?? app.clock.time });
      apps.push(started);
      return started;
    },
    async close() {
      vi.restoreAllMocks();
      vi.useRealTimers();
      for (const { line } of apps) Object.assign(line, { down: false, holdUp: undefined });
      for (const app of apps.splice(0).reverse()) await app.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function tap(dataSource: DataSource): Line {
  const line: Line = { statements: [], down: false, holdUp: undefined };
  const tapped = new WeakSet<QueryRunner>();
  const create = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => {
    const runner = create(mode);
    // better-sqlite3 has one for all.
    if (tapped.has(runner)) return runner;
    tapped.add(runner);
    const query = runner.query.bind(runner) as (...args: [string, ...unknown[]]) => Promise<unknown>;
    runner.query = (async (...args: [string, ...unknown[]]) => {
      line.statements.push(args[0]);
      if (line.down) throw new Error('the database of this test is gone');
      const result = await query(...args);
      await line.holdUp?.(args[0]);
      return result;
    }) as typeof runner.query;
    return runner;
  };
  return line;
}

/** Whether a statement reads the sessions that were revoked in all processes: the second one of a poll. */
export function isPoll(sql: string): boolean {
  return sql.includes('access_until AS blocked_until');
}

/** A promise, and the function that fulfils it. */
export function gate(): { promise: Promise<void>; open: () => void } {
  let open = (): void => undefined;
  const promise = new Promise<void>((resolve) => (open = resolve));
  return { promise, open };
}

/** `ok`, or the code of the refusal. */
export function standing(tokens: TokenService, { access }: Pick<IssuedTokens, 'access'>): Promise<string> {
  return tokens.verify(access).then(
    () => 'ok',
    (error: unknown) => (error as { code: string }).code,
  );
}
