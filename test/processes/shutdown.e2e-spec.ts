import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { buildSample } from '../sample/build-sample.js';
import { DATABASES, type TestDatabase } from '../support/databases.js';
import { SIGNING_KEY, startApp } from '../support/test-app.js';
import { PROCESS_DATABASES } from './process-databases.js';
import { TcpProxy } from './tcp-proxy.js';

const SCRIPT = join(import.meta.dirname, 'app/script.mjs');
/** A statement, and each wait at the end, is given up after 5 s; mysql2 gives up making a connection after 10 s. */
const BOUND = 25_000;

beforeAll(buildSample, 180_000);

/** The same database, through a proxy. */
async function proxied(database: TestDatabase): Promise<[TestDatabase, TcpProxy]> {
  const { url: direct = '', ...options } = database.options() as { url?: string };
  const url = new URL(direct);
  const proxy = await TcpProxy.before(url.hostname, Number(url.port || (url.protocol === 'mysql:' ? 3306 : 5432)));
  url.host = `127.0.0.1:${String(proxy.port)}`;
  const through = { ...options, url: String(url) } as ReturnType<TestDatabase['options']>;
  return [{ name: database.name, options: () => through }, proxy];
}

describe.each(DATABASES.filter(({ name }) => name !== 'SQLite'))('app.close() on a silent $name', (database) => {
  it.each(['replica', 'database'] as const)('ends in time, with blocklistCheck: %s', async (blocklistCheck) => {
    const [through, proxy] = await proxied(database);
    const test = await startApp({ database: through, options: { blocklistCheck, pollInterval: '1s' } });
    const client = test.client();
    await client.login();
    let held = 0;
    proxy.watch = () => {
      held += 1;
      return new Promise<void>(() => undefined);
    };
    // A request, and a poll or a purge, are under way when it ends.
    const asked = client.get('/testapp/protect').catch(() => undefined);
    const purged = test.tokens.purge().catch(() => undefined);
    await vi.waitFor(() => {
      expect(held).toBeGreaterThan(0);
    });
    const started = performance.now();
    await test.close();
    expect(performance.now() - started).toBeLessThan(BOUND);
    await proxy.close();
    await Promise.all([asked, purged]);
  });
});

// A pool of mysql2 by itself keeps a process for good.
const SCRIPTED = PROCESS_DATABASES.filter(({ type }) => type !== 'MariaDB');

describe.each(SCRIPTED)('a script without app.close() on $name', ({ create }) => {
  it('ends by itself when it is done', async () => {
    const database = await create();
    const env = {
      PATH: process.env['PATH'] ?? '',
      JWTO_SIGNING_KEY: SIGNING_KEY,
      TEST_DATABASE: JSON.stringify(database.options),
    };
    // Killed by a signal if it does not.
    const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT], { env, timeout: 60_000 });
    expect(stdout).toContain('revoked 1');
    await database.drop();
  });
});
