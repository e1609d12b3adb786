import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SQLITE } from '../support/databases.js';
import { startApp, type TestApp } from '../support/test-app.js';

describe.each([true, false])('an SQLite file that somebody else has locked, WAL: %s', (enableWAL) => {
  let folder: string;
  let test: TestApp;
  let other: DataSource;
  let isLocked = false;
  const lock = async (): Promise<void> => {
    await other.query('BEGIN EXCLUSIVE');
    isLocked = true;
  };
  const unlock = async (): Promise<void> => {
    if (isLocked) await other.query('ROLLBACK');
    isLocked = false;
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'jwto-locked-'));
    const file = join(folder, 'jwto.db');
    const options = () => ({ ...SQLITE.options(), database: file, enableWAL }) as ReturnType<typeof SQLITE.options>;
    test = await startApp({ database: { name: 'SQLite', options }, options: { maxStaleness: '1h' } });
    other = await new DataSource({ type: 'better-sqlite3', database: file }).initialize();
  });
  afterEach(async () => {
    await unlock();
    await other.destroy();
    await test.close();
    rmSync(folder, { recursive: true });
  });

  it('holds no other request up, and what waits for it is written when it is free', async () => {
    await lock();
    let isAnswered = false;
    const login = test.client().login('bob');
    void login.then(() => (isAnswered = true));
    await expect.poll(() => test.users.asked).toContain('bob');
    // better-sqlite3's own wait would answer this one after five seconds, and the login with it.
    expect((await test.client().get('/testapp/open')).status).toBe(404);
    expect(isAnswered).toBe(false);
    await unlock();
    expect((await login).status).toBe(200);
  });

  it('is 503 after five seconds, with nothing written', async () => {
    await lock();
    const refused = await test.client().login('bob');
    expect([refused.status, refused.json.code]).toEqual([503, 'store_unavailable']);
    await unlock();
    expect(await test.tokens.listSessions(2)).toEqual([]);
  });

  it('leaves the application its own busy_timeout', async () => {
    await test.client().login('bob');
    expect(await test.dataSource.query('PRAGMA busy_timeout')).toEqual([{ timeout: 5000 }]);
  });
});
