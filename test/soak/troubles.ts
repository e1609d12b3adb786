import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { OwnPostgres } from '../processes/own-postgres.js';
import type { TcpProxy } from '../processes/tcp-proxy.js';

/** What the applications stand behind. */
export interface Scene {
  readonly server: OwnPostgres;
  readonly proxy: TcpProxy;
  /** By which the connections of the applications are known. */
  readonly application: string;
  /** Numbers from 0 to 1, the same for the same seed. */
  readonly random: () => number;
}

/** Every connection is ended so often, in milliseconds. */
const TERMINATE_EVERY = 100;
/** The server is down for so long, in milliseconds. */
const DOWN_FOR = 2000;

/** What can befall a database for some milliseconds. */
export const TROUBLES: Readonly<Record<string, (scene: Scene, milliseconds: number) => Promise<void>>> = {
  terminate: async ({ server, application }, milliseconds) => {
    const sql = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = '${application}'`;
    await asAdministrator(server, async (client) => {
      const until = performance.now() + milliseconds;
      while (performance.now() < until) {
        await client.query(sql);
        await sleep(TERMINATE_EVERY);
      }
    });
  },
  stop: async ({ server, random }) => {
    await server.stop(random() < 0.5 ? 'fast' : 'immediate');
    await sleep(DOWN_FOR);
    await server.start();
  },
  'lock the rows': ({ server }, milliseconds) =>
    holding(server, 'SELECT sid FROM jwto_session FOR UPDATE', milliseconds),
  'lock the table': ({ server }, milliseconds) =>
    holding(server, 'LOCK TABLE jwto_session IN ACCESS EXCLUSIVE MODE', milliseconds),
  delay: async ({ proxy, random }, milliseconds) => {
    proxy.delay = Math.round(50 + random() * 1200);
    await sleep(milliseconds);
    proxy.delay = 0;
  },
  halt: async ({ proxy }, milliseconds) => {
    proxy.halt();
    await sleep(milliseconds);
    proxy.resume();
  },
  swallow: async ({ proxy }, milliseconds) => {
    proxy.isSwallowing = true;
    await sleep(milliseconds);
    proxy.isSwallowing = false;
  },
  cut: ({ proxy }) => {
    proxy.cutAll();
    return Promise.resolve();
  },
};

/** Numbers that look random and are the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

function holding(server: OwnPostgres, lock: string, milliseconds: number): Promise<void> {
  return asAdministrator(server, async (client) => {
    await client.query('BEGIN');
    await client.query(lock);
    await sleep(milliseconds);
    await client.query('ROLLBACK');
  });
}

/** Past the proxy. The server may be down, or go down meanwhile: then this trouble is over. */
async function asAdministrator(server: OwnPostgres, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client(server.url);
  client.on('error', () => undefined);
  try {
    await client.connect();
    await work(client);
  } catch {
    await sleep(TERMINATE_EVERY);
  }
  await client.end().catch(() => undefined);
}
