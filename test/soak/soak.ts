import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { DataSourceOptions } from 'typeorm';
import { startAll, type AppProcess } from '../processes/app-process.js';
import { OwnPostgres } from '../processes/own-postgres.js';
import { prepare } from '../processes/process-databases.js';
import { buildSample } from '../sample/build-sample.js';
import { TcpProxy } from '../processes/tcp-proxy.js';
import { SoakClient } from './soak-client.js';
import { seeded, TROUBLES, type Scene } from './troubles.js';

const CLIENTS_PER_APP = 16;
const APPLICATION = 'jwto-soak';
/** The server is stopped so often, in milliseconds. */
const STOP_EVERY = 60_000;
const SETTINGS = { JWTO_MAX_STALENESS: '3s', JWTO_ACCESS_TOKEN_LIFETIME: '30s' };

/** How a soak is run. */
export interface SoakOptions {
  minutes: number;
  /** Of the order, the length and the size of the troubles. */
  seed: number;
  /** Names of {@link TROUBLES}; each of them if there are none. */
  troubles: readonly string[];
}

interface Befalling {
  troubles: readonly string[];
  lasts: () => boolean;
  tell: (trouble: string) => void;
}

/**
 * Runs two applications with clients that sign in, refresh and ask guards, while their database fails all the time.
 *
 * @returns what did not hold: a process that ended, a session that was lost, a connection that was left
 */
export async function soak(options: SoakOptions): Promise<string[]> {
  await buildSample();
  const server = await OwnPostgres.create();
  try {
    await server.start();
    return await run(server, options);
  } finally {
    await server.remove();
  }
}

async function run(server: OwnPostgres, { minutes, seed, troubles }: SoakOptions): Promise<string[]> {
  const proxy = await TcpProxy.before('127.0.0.1', server.port);
  const url = server.url.replace(String(server.port), String(proxy.port));
  const options: DataSourceOptions = { type: 'postgres', url, applicationName: APPLICATION };
  const database = await prepare(options, () => undefined);
  await database.dataSource.destroy();
  const apps = await startAll(database, [SETTINGS, SETTINGS]);
  const clients = apps.flatMap((app) => Array.from({ length: CLIENTS_PER_APP }, () => new SoakClient(app.url)));
  const end = performance.now() + minutes * 60_000;
  const lasts = (): boolean => performance.now() < end && apps.every((app) => app.isRunning);

  const told = new Map<string, number>();
  const tell = (trouble: string): void => void told.set(trouble, (told.get(trouble) ?? 0) + 1);
  const names = troubles.length > 0 ? troubles : Object.keys(TROUBLES).filter((name) => name !== 'stop');
  const scene: Scene = { server, proxy, application: APPLICATION, random: seeded(seed) };
  const work = Promise.all(clients.map((client) => client.run(lasts)));
  await Promise.all([befall(scene, { troubles: names, lasts, tell }), report(lasts, () => line(clients, told))]);
  await work;
  console.log(line(clients, told));

  const problems = [...apps.flatMap(problemsOf), ...clients.flatMap((client) => client.problems)];
  problems.push(...(await leftAfterClose(server, apps)));
  await Promise.all(apps.map((app) => app.kill()));
  await proxy.close();
  if (told.size === 0) problems.push('Nothing befell the database: nothing was tried.');
  return problems;
}

/** One trouble after the other, until the end; and the server is stopped once a minute, whatever else there is. */
async function befall(scene: Scene, { troubles, lasts, tell }: Befalling): Promise<void> {
  const { random } = scene;
  const loop = async (next: () => { name: string; after: number; milliseconds: number }): Promise<void> => {
    for (;;) {
      const { name, after, milliseconds } = next();
      const begin = performance.now() + after;
      while (performance.now() < begin) {
        if (!lasts()) return;
        await sleep(100);
      }
      tell(name);
      await TROUBLES[name]?.(scene, milliseconds);
      if (!lasts()) return;
    }
  };
  await Promise.all([
    loop(() => {
      const name = troubles[Math.floor(random() * troubles.length)] ?? '';
      return { name, after: 500 + random() * 7000, milliseconds: Math.round(500 + random() ** 2 * 20_000) };
    }),
    loop(() => ({ name: 'stop', after: STOP_EVERY, milliseconds: 0 })),
  ]);
}

async function report(lasts: () => boolean, text: () => string): Promise<void> {
  for (let tick = 1; lasts(); tick++) {
    await sleep(100);
    if (tick % 100 === 0) console.log(text());
  }
}

function line(clients: SoakClient[], told: ReadonlyMap<string, number>): string {
  const answers = new Map<string, number>();
  for (const { seen } of clients) for (const [what, count] of seen) answers.set(what, (answers.get(what) ?? 0) + count);
  const text = (counts: ReadonlyMap<string, number>): string =>
    [...counts]
      .sort()
      .map(([what, count]) => `${what}: ${String(count)}`)
      .join(', ');
  return `${text(told)}; ${text(answers)}`;
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
