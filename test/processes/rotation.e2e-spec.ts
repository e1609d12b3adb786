import { setTimeout as sleep } from 'node:timers/promises';
import { JwtoSession } from 'jwto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSample } from '../sample/build-sample.js';
import { startAll, type AppProcess } from './app-process.js';
import { expOf, jtiOf, login, refresh, sidOf, type Reply, type RefreshEndpoint } from './http.js';
import { DATABASES_AT_EVERY_LEVEL, type ProcessDatabase } from './process-databases.js';

const GRACE = '30s';
const ACCESS: RefreshEndpoint[] = ['refresh_access'];
const BOTH: RefreshEndpoint[] = ['refresh_access', 'update_refresh'];

beforeAll(buildSample, 180_000);

describe.each(DATABASES_AT_EVERY_LEVEL)('parallel refreshes with one token on $name', (kind) => {
  let database: ProcessDatabase;
  let apps: AppProcess[] = [];
  beforeAll(async () => {
    database = await kind.create();
    // An embedded database runs in the processes: it has no clock of its own to set theirs by.
    const skews = kind.type === 'SQLite' ? ['0', '0'] : ['12000', '-12000'];
    apps = await startAll(
      database,
      skews.map((TEST_SKEW) => ({ TEST_SKEW, JWTO_ROTATION_GRACE: GRACE })),
    );
  });
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.kill()));
    await database.drop();
  });

  /** Presents a token many times at once, to some of the processes in turn. */
  function present(token: string, count: number, processes: AppProcess[], endpoints: RefreshEndpoint[]) {
    return Promise.all(
      Array.from({ length: count }, (_, index) => {
        const { url = '' } = processes[Math.floor(index / endpoints.length) % processes.length] ?? {};
        return refresh(url, token, endpoints[index % endpoints.length]);
      }),
    );
  }

  /** Everybody was answered with the one successor, which the row has too. */
  async function expectOneSuccessor(first: string, replies: Reply[]): Promise<JwtoSession> {
    expect(replies.map(({ status }) => status)).toEqual(replies.map(() => 200));
    const row = await database.dataSource.getRepository(JwtoSession).findOneByOrFail({ sid: sidOf(first) });
    expect(row).toMatchObject({ generation: 1, previousJti: jtiOf(first), revokedAt: null });
    expect([...new Set(replies.map((reply) => jtiOf(reply.refresh)))]).toEqual([row.currentJti]);
    return row;
  }

  it.each([1, 2])('against %d of two processes change the row once, each answered with 200', async (processes) => {
    for (const count of [2, 20, 200]) {
      const { refresh: first } = await login(apps[0]?.url ?? '');
      const replies = await present(first, count, apps.slice(0, processes), ACCESS);
      const row = await expectOneSuccessor(first, replies);
      expect(new Set(replies.map(({ access }) => jtiOf(access))).size).toBe(count);
      expect(row.expiresAt / 1000).toBe(expOf(first));
    }
    expect(apps.flatMap((app) => app.alarms())).toEqual([]);
  });

  it('of both kinds leave one live token, whose expiry has moved', async () => {
    const counts = [2, 20, 200];
    const logins = await Promise.all(counts.map(() => login(apps[0]?.url ?? '')));
    // A lifetime is whole seconds: an expiry can only move in another second.
    await sleep(1100);
    for (const [index, count] of counts.entries()) {
      const first = logins[index]?.refresh ?? '';
      const replies = await present(first, count, apps, BOTH);
      const row = await expectOneSuccessor(first, replies);
      expect(row.expiresAt / 1000).toBeGreaterThan(expOf(first));
      const updates = replies.filter((_, position) => position % 2 === 1);
      for (const { refresh: successor } of updates) expect(expOf(successor)).toBeGreaterThan(expOf(first));
    }
    expect(apps.flatMap((app) => app.alarms())).toEqual([]);
  });

  it('go on from the successor in both processes, and nobody’s clock matters', async () => {
    const { refresh: first } = await login(apps[0]?.url ?? '');
    const [one, two] = [apps[0]?.url ?? '', apps[1]?.url ?? ''];
    const second = await refresh(one, first);
    const again = await refresh(two, first);
    const further = await refresh(two, second.refresh, 'validate_refresh');
    expect([second.status, again.status, further.status]).toEqual([200, 200, 200]);
    expect(jtiOf(again.refresh)).toBe(jtiOf(second.refresh));
    const row = await database.dataSource.getRepository(JwtoSession).findOneByOrFail({ sid: sidOf(first) });
    // The database's time, whichever process wrote it.
    expect(Math.abs((row.rotatedAt ?? 0) - Date.now())).toBeLessThan(6000);
  });
});
