import { afterEach, describe, expect, it } from 'vitest';
import { DATABASES } from '../support/databases.js';
import { noteStatements } from '../support/statements.js';
import { startApp, type TestApp } from '../support/test-app.js';

const SIGN_INS = 200;
const MOST = 5;

describe.each(DATABASES)('parallel sign-ins of one user, on $name,', (database) => {
  let test: TestApp;
  afterEach(async () => {
    await test.close();
  });

  it('have the sessions beyond the limit ended once for all of them', async () => {
    test = await startApp({ database, options: { maxSessionsPerUser: MOST } });
    const bob = test.users.named('bob');
    const statements = noteStatements(test.dataSource);
    const issued = await Promise.all(Array.from({ length: SIGN_INS }, () => test.tokens.issue(bob)));
    // Each for itself would be as many reads as sign-ins, and thousands of writes of which all but 195 change nothing.
    const lists = statements.filter((sql) => sql.startsWith('SELECT sid') && sql.includes('ORDER BY signed_in_at'));
    expect(lists.length).toBeGreaterThan(0);
    expect(lists.length).toBeLessThan(SIGN_INS);
    expect(statements.filter((sql) => sql.startsWith('UPDATE'))).toHaveLength(SIGN_INS - MOST);
    expect(await test.tokens.listSessions('2')).toHaveLength(MOST);
    const ended = test.events.filter(({ name }) => name === 'jwto.session_revoked').map(({ event }) => event.sid);
    expect(new Set(ended).size).toBe(SIGN_INS - MOST);
    expect(ended).toHaveLength(SIGN_INS - MOST);
    const good = await Promise.allSettled(issued.map(({ access }) => test.tokens.verify(access)));
    expect(good.filter(({ status }) => status === 'fulfilled')).toHaveLength(MOST);
  });

  it('each see the limit kept when they return, a user at a time', async () => {
    test = await startApp({ database, options: { maxSessionsPerUser: 1 } });
    const users = ['alice', 'bob'].map((name) => test.users.named(name));
    await Promise.all(users.flatMap((user) => Array.from({ length: 10 }, () => test.tokens.issue(user))));
    for (const { id } of users) expect(await test.tokens.listSessions(String(id as number))).toHaveLength(1);
  });
});
