import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { startAll, type AppProcess } from '../processes/app-process.js';
import { OwnPostgres } from '../processes/own-postgres.js';
import { prepare } from '../processes/process-databases.js';
import { buildSample } from '../sample/build-sample.js';
import { SoakClient } from './soak-client.js';

const CLIENTS_PER_APP = 10;
const APPLICATION = 'jwto-soak';
/** Every connection is ended so often, in milliseconds. */
const TERMINATE_EVERY = 100;
/** The server is stopped so often, and is down for so long, in milliseconds. */
const STOP_EVERY = 60_000;
const DOWN_FOR = 2000;
const SETTINGS = { JWTO_ROTATION_GRACE: '60s', JWTO_MAX_STALENESS: '3s', JWTO_ACCESS_TOKEN_LIFETIME: '10s' };

/**
 * Runs two applications with clients that sign in, refresh and ask guards, while their database fails all the time.
 *
 * @returns what did not hold: a process that ended, a session that was lost, a connection that was left
 */
export async function soak(minutes: number): Promise<string[]> {
  await buildSample();
  const server = await OwnPostgres.create();
  try {
    await server.start();
    return await run(server, minutes * 60_000);
  } finally {
    await server.remove();
  }
}

async function run(server: OwnPostgres, milliseconds: number): Promise<string[]> {
  const options: DataSourceOptions = { type: 'postgres', url: server.url, applicationName: APPLICATION };
  const database = await prepare(options, () => undefined);
  await database.dataSource.destroy();
  const apps = await startAll(database, [SETTINGS, SETTINGS]);
  const clients = apps.flatMap((app) => Array.from({ length: CLIENTS_PER_APP }, () => new SoakClient(app.url)));
  const end = performance.now() + milliseconds;
  const lasts = (): boolean => performance.now() < end && apps.every((app) => app.isRunning);

  const counts = { terminated: 0, stops: 0 };
  const work = Promise.all(clients.map((client) => client.run(lasts)));
  await Promise.all([
    terminate(server, lasts, (count) => (counts.terminated += count)),
    stopAndStart(server, lasts, () => (counts.stops += 1)),
    report(lasts, () => line(clients, counts)),
  ]);
  await work;
  console.log(line(clients, counts));

  const problems = [...apps.flatMap(problemsOf), ...clients.flatMap((client) => client.problems)];
  problems.push(...(await leftAfterClose(server, apps)));
  await Promise.all(apps.map((app) => app.kill()));
  if (counts.terminated === 0) problems.push('No connection was ended: nothing was tried.');
  return problems;
}

/** Ends every connection but its own, as an administrator does. */
async function terminate(server: OwnPostgres, lasts: () => boolean, count: (ended: number) => void): Promise<void> {
  const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '${APPLICATION}'`;
  while (lasts()) {
    const client = new pg.Client(server.url);
    client.on('error', () => undefined);
    try {
      await client.connect();
      while (lasts()) {
        count((await client.query(sql)).rows.length);
        await sleep(TERMINATE_EVERY);
      }
    } catch {
      // The server is down.
      await sleep(TERMINATE_EVERY);
    }
    await client.end().catch(() => undefined);
  }
}

async function stopAndStart(server: OwnPostgres, lasts: () => boolean, count: () => void): Promise<void> {
  for (let turn = 0; ; turn++) {
    // The first one comes early, so that a short run has one.
    const next = performance.now() + (turn === 0 ? STOP_EVERY / 2 : STOP_EVERY);
    while (performance.now() < next) {
      if (!lasts()) return;
      await sleep(100);
    }
    await server.stop(turn % 2 === 0 ? 'fast' : 'immediate');
    await sleep(DOWN_FOR);
    await server.start();
    count();
  }
}

async function report(lasts: () => boolean, text: () => string): Promise<void> {
  for (let tick = 1; lasts(); tick++) {
    await sleep(100);
    if (tick % 100 === 0) console.log(text());
  }
}

function line(clients: SoakClient[], { terminated, stops }: { terminated: number; stops: number }): string {
  const answers = new Map<string, number>();
  for (const { seen } of clients) for (const [what, count] of seen) answers.set(what, (answers.get(what) ?? 0) + count);
  const texts = [...answers].sort().map(([what, count]) => `${what}: ${String(count)}`);
  return `${String(terminated)} connections ended, ${String(stops)} stops; ${texts.join(', ')}`;
}

function problemsOf(app: AppProcess): string[] {
  const problems = app.alarms().map((name) => `${app.url} told ${name}`);
  if (!app.isRunning) problems.push(`${app.url} has ended:\n${app.output}`);
  return problems;
}

/** The processes live on while this is asked: what they hold is not closed by their end. */
async function leftAfterClose(server: OwnPostgres, apps: AppProcess[]): Promise<string[]> {
  const running = apps.filter((app) => app.isRunning);
  await Promise.all(running.map((app) => app.call('close')));
  const client = new pg.Client(server.url);
  await client.connect();
  try {
    const until = performance.now() + 5000;
    for (;;) {
      const sql = `SELECT query FROM pg_stat_activity WHERE application_name = '${APPLICATION}'`;
      const { rows } = await client.query<{ query: string }>(sql);
      if (rows.length === 0) return [];
      if (performance.now() > until) return rows.map(({ query }) => `A connection was left, whose last was: ${query}`);
      await sleep(100);
    }
  } finally {
    await client.end();
  }
}
