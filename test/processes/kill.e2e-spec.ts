import { setTimeout as sleep } from 'node:timers/promises';
import { JwtoSession } from 'jwto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSample } from '../sample/build-sample.js';
import { claimsOf } from '../support/forge.js';
import { AppProcess } from './app-process.js';
import { jtiOf, login, refresh, sidOf, type Reply } from './http.js';
import { PROCESS_DATABASES, type ProcessDatabase } from './process-databases.js';

const CLIENTS = 40;
/** Most of them where the statements travel; the others run the same code. */
const KILLS = { PostgreSQL: 8, MariaDB: 2, SQLite: 2 } as const;
const SEED = 20261123;
/** Longer than any restart takes. */
const GRACE = '60s';

beforeAll(buildSample, 180_000);

/** Mulberry32: numbers from 0 to 1 that are the same in each run. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe.each(PROCESS_DATABASES)('a process on $name that is killed at random instants', ({ create, type }) => {
  let database: ProcessDatabase;
  let app: AppProcess;
  beforeAll(async () => {
    database = await create();
    app = await AppProcess.start(database, { JWTO_ROTATION_GRACE: GRACE });
  });
  afterAll(async () => {
    await app.kill();
    await database.drop();
  });

  it('leaves sessions that every client goes on with, each with one successor', async () => {
    const statuses = new Map<string, number>();
    /** The successors that were given out, by session. */
    const successors = new Map<string, Set<string>>();
    const alarms: string[] = [];
    let going = true;
    /** Replies that were lost, and of these the rotations that had been carried out. */
    let lost = 0;
    let carriedOut = 0;

    /** Asks until there is an answer, with what it holds. */
    async function insist(request: () => Promise<Reply>): Promise<Reply> {
      for (;;) {
        const reply = await request();
        const seen = `${String(reply.status)} ${reply.code ?? ''}`.trim();
        statuses.set(seen, (statuses.get(seen) ?? 0) + 1);
        if (reply.status !== 0) return reply;
        lost += 1;
        await sleep(150);
      }
    }

    /** Signs in, and refreshes from successor to successor; the first refresh after a login always rotates. */
    async function client(): Promise<void> {
      while (going) {
        let { refresh: held } = await insist(() => login(app.url));
        const seen = new Set<string>();
        successors.set(sidOf(held), seen);
        for (const endpoint of ['refresh_access', 'update_refresh', 'refresh_access'] as const) {
          const token = held;
          const [asked, lostBefore] = [Date.now(), lost];
          const reply = await insist(() => refresh(app.url, token, endpoint));
          const rotated = Number(claimsOf(reply.refresh)['iat']) * 1000;
          if (seen.size === 0 && lost > lostBefore && rotated <= asked && Date.now() - asked > 1000) carriedOut += 1;
          seen.add(jtiOf(reply.refresh));
          held = reply.refresh;
        }
      }
    }

    const random = randomNumbers(SEED);
    const clients = Array.from({ length: CLIENTS }, () => client());
    for (let kill = 0; kill < KILLS[type]; kill++) {
      await sleep(150 + random() * 500);
      await app.kill();
      alarms.push(...app.alarms());
      app = await AppProcess.start(database, { JWTO_ROTATION_GRACE: GRACE });
    }
    await sleep(300);
    going = false;
    await Promise.all(clients);
    alarms.push(...app.alarms());

    const counts = JSON.stringify(Object.fromEntries(statuses));
    console.info(`${String(KILLS[type])} kills on ${type}: ${counts}, ${String(carriedOut)} rotations without a reply`);
    expect(lost).toBeGreaterThan(0);
    expect([...statuses.keys()].filter((status) => status !== '0' && status !== '200')).toEqual([]);
    expect(alarms).toEqual([]);
    const rows = await database.dataSource.getRepository(JwtoSession).find();
    const expected = rows.flatMap(({ sid, currentJti }) => (successors.has(sid) ? [[sid, [currentJti]]] : []));
    expect(expected).toEqual(expected.map(([sid]) => [sid, [...(successors.get(String(sid)) ?? [])]]));
    expect(expected).toHaveLength(successors.size);
    expect(rows.filter(({ generation, revokedAt }) => generation > 1 || revokedAt !== null)).toEqual([]);
  });
});
