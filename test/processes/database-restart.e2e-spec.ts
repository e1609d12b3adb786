import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { buildSample } from '../sample/build-sample.js';
import { startAll, type AppProcess } from './app-process.js';
import { guarded, login, newUser, refresh, type Reply } from './http.js';
import { HAS_POSTGRES_PROGRAMS, OwnPostgres } from './own-postgres.js';
import { prepare, type ProcessDatabase } from './process-databases.js';

const CLIENTS = 10;
const SECONDS_OF_GRACE = 60;
const SECONDS_OF_STALENESS = 3;
const SETTINGS = {
  JWTO_ROTATION_GRACE: `${String(SECONDS_OF_GRACE)}s`,
  JWTO_MAX_STALENESS: `${String(SECONDS_OF_STALENESS)}s`,
};

beforeAll(buildSample, 180_000);

describe.runIf(HAS_POSTGRES_PROGRAMS)('a PostgreSQL that is stopped and started under load', () => {
  let server: OwnPostgres;
  let database: ProcessDatabase;
  let apps: AppProcess[] = [];
  beforeAll(async () => {
    server = await OwnPostgres.create();
    await server.start();
    database = await prepare({ type: 'postgres', url: server.url }, () => undefined);
    // The test's own connections end here: a server that is stopped would tell them.
    await database.dataSource.destroy();
    apps = await startAll(database, [SETTINGS, SETTINGS]);
  });
  afterAll(async () => {
    await Promise.all(apps.map((app) => app.kill()));
    await server.remove();
  });
  const urls = (): [string, string] => [apps[0]?.url ?? '', apps[1]?.url ?? ''];

  /** Clients that sign in, refresh and ask guards until they are told to end; every reply is kept. */
  function load(revoked: string) {
    const replies: { what: string; reply: Reply }[] = [];
    let going = true;
    async function client(url: string): Promise<void> {
      let held = await login(url);
      while (going) {
        const [guard, dead, fresh, next] = await Promise.all([
          guarded(url, held.access),
          guarded(url, revoked),
          login(url),
          refresh(url, held.refresh),
        ]);
        replies.push({ what: 'guard', reply: guard }, { what: 'revoked', reply: dead });
        replies.push({ what: 'login', reply: fresh }, { what: 'refresh', reply: next });
        // The token that is held goes on being good, until there is an answer.
        if (next.status === 200) held = next;
        await sleep(50);
      }
      const last = await refresh(url, held.refresh);
      replies.push({ what: 'last refresh', reply: last });
    }
    const clients = Array.from({ length: CLIENTS }, (_, index) => client(urls()[index % 2] ?? ''));
    return {
      replies,
      end: async () => {
        going = false;
        await Promise.all(clients);
      },
    };
  }

  async function until(condition: () => Promise<boolean>): Promise<number> {
    const started = performance.now();
    while (!(await condition())) {
      // One that has ended never comes to it.
      for (const app of apps) if (!app.isRunning) throw new Error(`An application has ended:\n${app.output}`);
      if (performance.now() - started > 30_000) throw new Error('it did not come to that');
      await sleep(20);
    }
    return performance.now() - started;
  }

  it.each(['fast', 'immediate'] as const)('%s costs nobody the session, and opens no door', async (mode) => {
    const [one, other] = urls();
    const username = newUser();
    const { access: revoked } = await login(one, username);
    await apps[1]?.call('revokeUser', username.replace('user-', ''));
    for (const url of [one, other]) await until(async () => (await guarded(url, revoked)).status === 401);
    const witness = await login(one);

    const { replies, end } = load(revoked);
    onTestFinished(end);
    const seen = (what: string): string[] =>
      [...new Set(replies.filter((one) => one.what === what).map(({ reply }) => answerOf(reply)))].sort();
    const isSeen = (answer: string, ...kinds: string[]): boolean => kinds.every((what) => seen(what).includes(answer));
    await until(() => Promise.resolve(isSeen('200', 'login', 'refresh', 'guard')));
    const stopped = performance.now();
    await server.stop(mode);
    const isDown = performance.now();
    for (const app of apps) expect(app.isRunning, app.output).toBe(true);
    // What memory knows is good for a while, and then nobody is let in.
    const first = await guarded(one, witness.access);
    if (performance.now() - stopped < 1000) expect(first).toMatchObject({ status: 200 });
    const during = [await login(one), await refresh(one, witness.refresh), await refresh(other, witness.refresh)];
    for (const { status, code, retryAfter } of during) {
      expect([status, code]).toEqual([503, 'store_unavailable']);
      expect(retryAfter).toBeGreaterThanOrEqual(1);
      expect(retryAfter).toBeLessThanOrEqual(SECONDS_OF_GRACE / 2);
    }
    for (const url of [one, other]) await until(async () => (await guarded(url, witness.access)).status === 503);
    const shutAfter = performance.now() - isDown;
    // Nobody is let in by mistake after that either.
    for (const url of [one, other]) expect((await guarded(url, witness.access)).code).toBe('store_unavailable');
    expect(shutAfter).toBeLessThan((SECONDS_OF_STALENESS + 10) * 1000);

    // The clients must have met it, however slow the machine is.
    await until(() => Promise.resolve(isSeen('503 store_unavailable', 'login', 'refresh', 'guard', 'revoked')));

    await server.start();
    const back: number[] = [];
    for (const url of [one, other]) {
      back.push(await until(async () => (await login(url)).status === 200));
      back.push(await until(async () => (await guarded(url, witness.access)).status === 200));
      expect((await guarded(url, revoked)).code).toBe('token_revoked');
    }
    expect((await refresh(one, witness.refresh)).status).toBe(200);
    await sleep(500);
    await end();
    console.info(
      `${mode}: guards shut ${shutAfter.toFixed(0)} ms after the stop, all works ${back.map((time) => time.toFixed(0)).join(', ')} ms after the start`,
    );

    expect(seen('login')).toEqual(['200', '503 store_unavailable']);
    expect(seen('refresh')).toEqual(['200', '503 store_unavailable']);
    expect(seen('guard')).toEqual(['200', '503 store_unavailable']);
    expect(seen('revoked')).toEqual(['401 token_revoked', '503 store_unavailable']);
    expect(seen('last refresh')).toEqual(['200']);
    const quiet = ['jwto.session_revoked'];
    expect(apps.flatMap((app) => app.alarms()).filter((name) => !quiet.includes(name))).toEqual([]);
  });
});

function answerOf({ status, code }: Reply): string {
  return `${String(status)} ${code ?? ''}`.trim();
}
