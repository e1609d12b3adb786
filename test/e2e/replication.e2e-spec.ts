import { JwtoSession, type IssuedTokens } from 'jwto';
import { createConnection } from 'mysql2/promise';
import pg from 'pg';
import { DataSource, type DataSourceOptions } from 'typeorm';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES, type TestDatabase } from '../support/databases.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { standing } from '../support/two-apps.js';

const worker = process.env['VITEST_POOL_ID'] ?? '0';
const BOB = 2;

/** Makes or drops the database of the slave, beside the one that the tests use. */
async function slave(database: TestDatabase, action: 'make' | 'drop'): Promise<string> {
  const url = new URL((database.options() as { url: string }).url);
  const name = `${url.pathname.slice(1)}_stale_${worker}`;
  const options = database.options() as { schema?: string };
  if (database.name === 'PostgreSQL') {
    const client = new pg.Client(url.href);
    await client.connect();
    await client.query(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
    if (action === 'make') await client.query(`CREATE DATABASE "${name}" TEMPLATE template0`);
    await client.end();
  } else {
    const connection = await createConnection(url.href);
    await connection.query(`DROP DATABASE IF EXISTS \`${name}\``);
    if (action === 'make') await connection.query(`CREATE DATABASE \`${name}\``);
    await connection.end();
  }
  url.pathname = `/${name}`;
  if (action === 'make' && options.schema !== undefined) {
    const client = new pg.Client(url.href);
    await client.connect();
    await client.query(`CREATE SCHEMA "${options.schema}"`);
    await client.end();
  }
  return url.href;
}

const SERVERS = DATABASES.filter(({ name }) => name !== 'SQLite');

// A file without a test would fail.
it.skipIf(SERVERS.length > 0)('replication is tried where the URL of a server is set', () => undefined);

describe.each(SERVERS)('a data source with replication on $name', (database) => {
  let stale: DataSource;
  let slaveUrl = '';
  let test: TestApp;
  /** Connections that were asked of the slave. */
  let strays = 0;

  beforeAll(async () => {
    slaveUrl = await slave(database, 'make');
    stale = await new DataSource({
      ...database.options(),
      url: slaveUrl,
      dropSchema: false,
    } as DataSourceOptions).initialize();
  });
  afterAll(async () => {
    await stale.destroy();
    await slave(database, 'drop');
  });
  beforeEach(async () => {
    const { url = '', ...rest } = database.options() as { url?: string } & DataSourceOptions;
    const replicated = {
      ...rest,
      replication: { master: { url }, slaves: [{ url: slaveUrl }] },
    } as DataSourceOptions;
    test = await startApp({ database: { name: database.name, options: () => replicated } });
    await stale.getRepository(JwtoSession).clear();
    strays = 0;
    const driver = test.dataSource.driver as unknown as { obtainSlaveConnection: () => Promise<unknown> };
    const obtain = driver.obtainSlaveConnection.bind(driver);
    driver.obtainSlaveConnection = () => {
      strays += 1;
      return obtain();
    };
  });
  afterEach(async () => {
    // It has the old rows to the end; had anything of ours been read there, it would have been believed.
    expect(strays).toBe(0);
    await test.close();
  });

  /** A sign-in whose row the slave has as it is now, and will have for good. */
  async function signedIn(): Promise<IssuedTokens> {
    const tokens = await test.tokens.issue(test.users.named('bob'));
    const row = await rowOf(tokens.sid);
    await stale.getRepository(JwtoSession).insert(row);
    return tokens;
  }
  const rowOf = async (sid: string): Promise<JwtoSession> => {
    const runner = test.dataSource.createQueryRunner('master');
    const row = await runner.manager.findOneByOrFail(JwtoSession, { sid });
    await runner.release();
    return row;
  };
  const codeOf = (call: Promise<unknown>): Promise<string> =>
    call.then(
      () => 'ok',
      (error: unknown) => (error as { code: string }).code,
    );

  it('has a slave that TypeORM would read, whose rows are old', async () => {
    const { sid, refresh } = await signedIn();
    await test.tokens.refresh(refresh);
    const read = await test.dataSource.getRepository(JwtoSession).findOneByOrFail({ sid });
    expect([read.generation, (await rowOf(sid)).generation, strays]).toEqual([0, 1, 1]);
    strays = 0;
  });

  it('rotates as without, and tells reuse from a lost reply', async () => {
    const { refresh, sid } = await signedIn();
    const second = await test.tokens.refresh(refresh);
    const again = await test.tokens.updateRefresh(refresh);
    expect(again.refreshClaims.jti).toBe(second.refreshClaims.jti);
    test.clock.advance(10);
    const third = await test.tokens.refresh(second.refresh);
    expect(third.refreshClaims.jti).not.toBe(second.refreshClaims.jti);
    expect(await codeOf(test.tokens.verify(third.refresh, { type: 'refresh' }))).toBe('ok');
    expect(await codeOf(test.tokens.verify(refresh, { type: 'refresh' }))).toBe('token_reused');
    expect(await codeOf(test.tokens.refresh(third.refresh))).toBe('token_revoked');
    expect(await standing(test.tokens, third)).toBe('token_revoked');
    expect(await rowOf(sid)).toMatchObject({ generation: 2, revokedReason: 'refresh_reused' });
  });

  it.each([2, 20, 60])('lets %d parallel refreshes of one token have one successor, all with 200', async (count) => {
    const { refresh, sid } = await signedIn();
    const answers = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const client = test.client();
        client.bearer = refresh;
        return client.refresh(index % 2 === 0 ? 'refresh_access' : 'update_refresh');
      }),
    );
    expect(answers.map(({ status }) => status)).toEqual(Array(count).fill(200));
    const jtis = answers.map(({ json }) => test.tokens.decode(json.refresh ?? '').payload['jti']);
    expect(new Set(jtis).size).toBe(1);
    expect(await rowOf(sid)).toMatchObject({ generation: 1, revokedAt: null });
  });

  it('revokes as without: logout, session, token, user and everybody', async () => {
    const ways: ((tokens: IssuedTokens) => Promise<unknown>)[] = [
      ({ refresh }) => test.tokens.revokeToken(refresh),
      ({ access }) => test.tokens.revokeToken(access),
      ({ sid }) => test.tokens.revokeSession(sid),
      () => test.tokens.revokeUser(BOB),
      () => test.tokens.revokeAll(),
    ];
    for (const revoke of ways) {
      const tokens = await signedIn();
      test.clock.advance(1);
      await revoke(tokens);
      expect(await standing(test.tokens, tokens)).toBe('token_revoked');
      const alive = (await rowOf(tokens.sid)).revokedAt === null;
      expect(await codeOf(test.tokens.refresh(tokens.refresh))).toBe(alive ? 'ok' : 'token_revoked');
    }
    const client = test.client();
    client.bearer = (await signedIn()).refresh;
    const logouts = [await client.refresh('logout'), await client.refresh('logout')];
    expect(logouts.map(({ status }) => status)).toEqual([200, 409]);
    expect(await test.tokens.listSessions(BOB)).toEqual([]);
  });

  it('has its copy of the revocations from the primary', async () => {
    const tokens = await signedIn();
    const other = await startApp({
      options: { dataSource: test.dataSource, pollInterval: '60s', maxStaleness: '60s' },
    });
    await other.tokens.revokeSession(tokens.sid);
    const late = await startApp({ options: { dataSource: test.dataSource, blocklistCheck: 'database' } });
    for (const { tokens: service } of [other, late]) expect(await standing(service, tokens)).toBe('token_revoked');
    const later = await startApp({
      options: { dataSource: test.dataSource, pollInterval: '60s', maxStaleness: '60s' },
    });
    expect(await standing(later.tokens, tokens)).toBe('token_revoked');
    for (const app of [other, late, later]) await app.close();
  });
});
