import { setTimeout as sleep } from 'node:timers/promises';
import { JwtoSession } from 'jwto';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { buildSample } from '../sample/build-sample.js';
import { AppProcess } from './app-process.js';
import { guarded, jtiOf, login, refresh, sidOf, type RefreshEndpoint } from './http.js';
import { HAS_POSTGRES, POSTGRESQL, type ProcessDatabase } from './process-databases.js';
import { TcpProxy } from './tcp-proxy.js';

const SECONDS_OF_GRACE = 30;

beforeAll(buildSample, 180_000);

describe.runIf(HAS_POSTGRES)('a connection to PostgreSQL', () => {
  let database: ProcessDatabase;
  let proxy: TcpProxy;
  let app: AppProcess;
  let other: AppProcess;

  beforeAll(async () => {
    database = await POSTGRESQL.create();
    const { hostname, port } = new URL(process.env['TEST_POSTGRES_URL'] ?? '');
    proxy = await TcpProxy.before(hostname, Number(port || 5432));
    const through = new URL(process.env['TEST_POSTGRES_URL'] ?? '');
    through.host = `127.0.0.1:${String(proxy.port)}`;
    const proxied = {
      ...database,
      options: { ...database.options, url: String(through) } as ProcessDatabase['options'],
    };
    const env = { JWTO_ROTATION_GRACE: `${String(SECONDS_OF_GRACE)}s`, JWTO_MAX_STALENESS: '1s' };
    app = await AppProcess.start(proxied, env);
    other = await AppProcess.start(database, env);
  });
  beforeEach(() => {
    proxy.watch = undefined;
  });
  afterAll(async () => {
    await Promise.all([app.kill(), other.kill()]);
    await proxy.close();
    await database.drop();
  });

  it.each<RefreshEndpoint>(['refresh_access', 'update_refresh'])(
    'that breaks right after the COMMIT of %s costs nobody the session',
    async (endpoint) => {
      const { refresh: first } = await login(app.url);
      let cuts = 0;
      proxy.watch = ({ said, cut }, answer) => {
        // The answer to the UPDATE is sent after its commit.
        if (!/UPDATE "\w+"\."jwto_session"/.test(said) || !answer.includes('UPDATE 1')) return;
        cuts += 1;
        cut();
      };
      const lost = await refresh(app.url, first, endpoint);
      expect([cuts, lost.status, lost.code]).toEqual([1, 503, 'store_unavailable']);
      expect(lost.retryAfter).toBeGreaterThanOrEqual(1);
      expect(lost.retryAfter).toBeLessThanOrEqual(SECONDS_OF_GRACE / 2);
      proxy.watch = undefined;

      const row = await database.dataSource.getRepository(JwtoSession).findOneByOrFail({ sid: sidOf(first) });
      expect(row).toMatchObject({ generation: 1, previousJti: jtiOf(first), revokedAt: null });
      const again = await refresh(app.url, first, endpoint);
      expect([again.status, jtiOf(again.refresh)]).toEqual([200, row.currentJti]);
      expect((await refresh(app.url, again.refresh)).status).toBe(200);
      expect(app.alarms()).toEqual([]);
    },
  );

  it('whose poll was answered before a revocation and arrives after it, makes no stopped process believe it', async () => {
    const { access, refresh: token } = await login(app.url);
    expect((await guarded(app.url, access)).status).toBe(200);
    // The poll has been answered by the database, and the process is stopped before it reads the answer.
    let release = (): void => undefined;
    await new Promise<void>((answered) => {
      const released = new Promise<void>((resolve) => (release = resolve));
      proxy.watch = ({ said }) => {
        if (!said.includes('access_until AS blocked_until')) return;
        app.signal('SIGSTOP');
        answered();
        return released;
      };
    });
    proxy.watch = undefined;
    expect((await refresh(other.url, token, 'logout')).status).toBe(200);
    const waiting = Array.from({ length: 100 }, () => guarded(app.url, access));
    release();
    await sleep(1500);
    app.signal('SIGCONT');
    const replies = await Promise.all(waiting);
    expect(replies.filter(({ code }) => code !== 'token_revoked' && code !== 'store_unavailable')).toEqual([]);
  });
});
