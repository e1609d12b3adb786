import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { JwtoSession } from 'jwto';
import { buildSample } from '../sample/build-sample.js';
import { AppProcess } from './app-process.js';
import { guarded, login, newUser, refresh, sidOf, type Reply } from './http.js';
import { PROCESS_DATABASES, type ProcessDatabase } from './process-databases.js';
import { TcpProxy } from './tcp-proxy.js';

const SESSIONS = 12;
const MAX = 2;
const STALE = { JWTO_MAX_STALENESS: '60s' };
/** Processes start slowly on a busy machine. */
const START = 180_000;
/** Far more than a poll takes, for a busy machine. */
const SOON = { timeout: 20_000, interval: 50 };

beforeAll(buildSample, 180_000);

/** What ends many sessions of a user at once. */
interface Way {
  name: string;
  /** Does it in a process; of the sessions the last is the one that a user keeps. */
  end: (app: AppProcess, username: string, sessions: Reply[]) => Promise<unknown>;
  /** How many of the sessions are to be left. */
  left: number;
  /** The statement that ends rows, and how many of it are let through. */
  rows: RegExp;
  done: number;
}

const ONE_ROW = /UPDATE .{1,60}jwto_session.{1,20}SET .{0,3}revoked_at/;
const idOf = (username: string): string => username.replace('user-', '');
const WAYS: Way[] = [
  {
    name: 'revokeUser',
    end: (app, username) => app.call('revokeUser', idOf(username)),
    ...{ left: 0, rows: ONE_ROW, done: 4 },
  },
  {
    name: 'revokeAll',
    end: (app) => app.call('revokeAll'),
    // All of them are one statement: it is killed before that, when it has asked which there are.
    ...{ left: 0, rows: /SELECT .{1,200}jwto_session.{1,300}sid.{0,3} > /, done: 0 },
  },
  {
    name: 'revokeOtherSessions',
    end: (app, username, sessions) =>
      app.call('revokeOtherSessions', idOf(username), sidOf(sessions.at(-1)?.access ?? '')),
    ...{ left: 1, rows: ONE_ROW, done: 4 },
  },
  {
    name: 'a login beyond maxSessionsPerUser',
    end: async (app, username) => {
      const { status, code } = await login(app.url, username);
      if (status !== 200) throw new Error(code ?? 'no answer');
    },
    // The new one is one of the two.
    ...{ left: MAX - 1, rows: ONE_ROW, done: 4 },
  },
];

describe.each(PROCESS_DATABASES.filter(({ type }) => type !== 'SQLite'))(
  'the ending of many sessions on $name',
  ({ create }) => {
    let database: ProcessDatabase;
    let proxy: TcpProxy;
    let through: ProcessDatabase;
    let ending: AppProcess;
    let other: AppProcess;
    let username: string;
    let sessions: Reply[];
    beforeAll(async () => {
      database = await create();
      const url = new URL((database.options as { url: string }).url);
      proxy = await TcpProxy.before(url.hostname, Number(url.port || (url.protocol === 'mysql:' ? 3306 : 5432)));
      url.host = `127.0.0.1:${String(proxy.port)}`;
      through = { ...database, options: { ...database.options, url: String(url) } as ProcessDatabase['options'] };
      other = await AppProcess.start(database, STALE);
    }, START);
    beforeEach(async () => {
      proxy.watch = undefined;
      ending = await AppProcess.start(through, { ...STALE, JWTO_MAX_SESSIONS_PER_USER: String(MAX) });
      username = newUser();
      sessions = [];
      for (let count = 0; count < SESSIONS; count++) sessions.push(await login(other.url, username));
    }, START);
    afterEach(() => ending.kill());
    afterAll(async () => {
      await other.kill();
      await proxy.close();
      await database.drop();
    });

    /** What was to be ended is refused by the other process. */
    async function expectEnded(left: number): Promise<void> {
      const { url } = other;
      for (const { access, refresh: token } of sessions.slice(0, SESSIONS - left)) {
        expect((await refresh(url, token)).code).toBe('token_revoked');
        await vi.waitFor(async () => {
          expect((await guarded(url, access)).code).toBe('token_revoked');
        }, SOON);
      }
    }

    /** What was to be left goes on, and whoever signs in after it lives. */
    async function expectLeft(left: number): Promise<void> {
      const { url } = other;
      const next = await login(url, username);
      for (const { access, refresh: token } of [...sessions.slice(SESSIONS - left), next]) {
        expect((await guarded(url, access)).status).toBe(200);
        expect((await refresh(url, token)).status).toBe(200);
      }
    }

    it.each(WAYS)('by $name is whole though its process is killed', async ({ end, left, rows, done }) => {
      let seen = 0;
      const halted = new Promise<void>((resolve) => {
        proxy.watch = ({ said }) => {
          if (!rows.test(said) || ++seen <= done) return;
          resolve();
          return new Promise<void>(() => undefined);
        };
      });
      void end(ending, username, sessions).catch(() => undefined);
      await halted;
      await ending.kill();
      const revoked = (await database.dataSource.getRepository(JwtoSession).find()).filter(({ sid, revokedAt }) => {
        return revokedAt !== null && sessions.some(({ access }) => sidOf(access) === sid);
      });
      expect(revoked).toHaveLength(done === 0 ? 0 : done + 1);
      await expectEnded(left);
      await expectLeft(left);
    });

    it.each(WAYS.slice(0, 3))('by $name is whole though one row is locked', async ({ end, left }) => {
      const runner = database.dataSource.createQueryRunner();
      await runner.startTransaction();
      const lock = runner.manager.createQueryBuilder(JwtoSession, 'session').setLock('pessimistic_write');
      await lock.where({ sid: sidOf(sessions[5]?.access ?? '') }).getOneOrFail();
      await expect(end(ending, username, sessions)).rejects.toThrow('Sign-in is temporarily unavailable');
      await expectEnded(left);
      await runner.rollbackTransaction();
      await runner.release();
      await expectLeft(left);
    });
  },
);
