import { describe, expect, it } from 'vitest';
import { JwtoSession } from 'jwto';
import { DATABASES } from '../support/databases.js';
import { startApp } from '../support/test-app.js';

describe.each(DATABASES)('a pool of connections that is used up, on $name', (database) => {
  // SQLite has one connection and no pool.
  it.skipIf(database.name === 'SQLite')(
    'refuses login and refresh with 503, guards go on, and nothing is written when connections come free',
    async () => {
      const pool = database.name === 'PostgreSQL' ? { max: 1 } : { connectionLimit: 1 };
      const test = await startApp({
        database: { ...database, options: () => ({ ...database.options(), extra: pool }) },
        options: { maxStaleness: '1h' },
      });
      const client = test.client();
      const { json } = await client.login();
      const runner = test.dataSource.createQueryRunner('master');
      await runner.connect();
      const before = test.takeEvents().length;

      const refreshing = test.client();
      refreshing.bearer = json.refresh;
      const [login, refresh, guarded] = await Promise.all([
        test.client().login(),
        refreshing.refresh('refresh_access'),
        client.get('/testapp/protect'),
      ]);
      expect([login.json.code, refresh.json.code, guarded.status]).toEqual([
        'store_unavailable',
        'store_unavailable',
        200,
      ]);
      expect(Number(refresh.headers.get('retry-after'))).toBeLessThanOrEqual(5);

      await runner.release();
      // Asks behind everything that still waits for a connection.
      const rows = await test.dataSource.getRepository(JwtoSession).find();
      expect(rows).toMatchObject([{ generation: 0, revokedAt: null }]);
      expect((await refreshing.refresh('refresh_access')).status).toBe(200);
      expect([before, test.takeEvents()]).toEqual([1, ['jwto.login_failed', 'jwto.access_refreshed']]);
      await test.close();
    },
  );
});
