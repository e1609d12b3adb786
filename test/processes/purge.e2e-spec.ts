import { JwtoBlocklistEntry, JwtoSession, type PurgeResult } from 'jwto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildSample } from '../sample/build-sample.js';
import { startAll, type AppProcess } from './app-process.js';
import { guarded, login, newUser, refresh, sidOf } from './http.js';
import { PROCESS_DATABASES, type ProcessDatabase } from './process-databases.js';

const OLD = 1500;
const DAY = 86_400_000;

beforeAll(buildSample, 180_000);

describe.each(PROCESS_DATABASES)('two processes that purge at once on $name', ({ create }) => {
  let database: ProcessDatabase;
  let apps: AppProcess[] = [];
  beforeAll(async () => {
    database = await create();
    apps = await startAll(database, [{}, {}]);
  });
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.kill()));
    await database.drop();
  });

  it('fail in nothing, delete what has ended and nothing else, and others are served meanwhile', async () => {
    const [one = '', other = ''] = apps.map(({ url }) => url);
    const { manager } = database.dataSource;
    const live = await login(one);
    const username = newUser();
    const revoked = await login(one, username);
    await apps[0]?.call('revokeUser', username.replace('user-', ''));
    const kept = [sidOf(live.access), sidOf(revoked.access)].sort();

    const template = await manager.findOneByOrFail(JwtoSession, { sid: kept[0] ?? '' });
    const ended = Date.now() - 2 * DAY;
    const old = Array.from({ length: OLD }, (_, index) => {
      const ends = { expiresAt: ended, accessUntil: ended, endsAt: ended };
      return Object.assign(new JwtoSession(), template, ends, { sid: `old-${String(index)}` });
    });
    for (let start = 0; start < OLD; start += 100) await manager.insert(JwtoSession, old.slice(start, start + 100));
    const entry = { realm: 'default', kind: 'token' as const, revokedAt: 0, expiresAt: ended, reason: null };
    for (let index = 0; index < 300; index++) {
      await manager.insert(JwtoBlocklistEntry, { ...entry, value: `old-${String(index)}` });
    }

    const purging = Promise.all(apps.map((app) => app.call('purge') as Promise<PurgeResult>));
    const served = await Promise.all([guarded(one, live.access), refresh(other, live.refresh), login(other)]);
    const results = await purging;
    expect(served.map(({ status }) => status)).toEqual([200, 200, 200]);
    const left = (await manager.find(JwtoSession)).map(({ sid }) => sid);
    const leftOld = left.filter((sid) => sid.startsWith('old-')).length;
    expect(results.reduce((sum, { sessions }) => sum + sessions, 0)).toBe(OLD - leftOld);

    // Where both met in one batch, each may leave a rest to the next run.
    await apps[1]?.call('purge');
    const rows = (await manager.find(JwtoSession)).map(({ sid }) => sid);
    expect(rows.filter((sid) => kept.includes(sid)).sort()).toEqual(kept);
    expect(rows.filter((sid) => sid.startsWith('old-'))).toEqual([]);
    const entries = (await manager.find(JwtoBlocklistEntry)).map(({ value }) => value);
    expect(entries.filter((value) => value.startsWith('old-'))).toEqual([]);
    expect(entries).toContain(username.replace('user-', ''));
    expect((await guarded(one, revoked.access)).code).toBe('token_revoked');
    expect(apps.map(({ output }) => output)).toEqual(['', '']);
  });
});
