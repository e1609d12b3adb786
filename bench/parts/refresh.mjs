// Refreshes of one token at once, by two processes' worth of connections: how many successors there are, and how many
// statements a refresh costs.
import { Buffer } from 'node:buffer';
import { makeDatabase } from '../support/databases.mjs';
import { bob, openDatabase, startJwto } from '../support/jwto-app.mjs';

const AT_ONCE = 20;
const NAMES = { 'better-sqlite3': 'SQLite', postgres: 'PostgreSQL', mariadb: 'MariaDB' };

/** Notes statements as TypeORM sends them. */
class StatementLog {
  statements = [];
  logQuery(sql) {
    this.statements.push(sql.trim().split(/\s/, 1)[0].toUpperCase());
  }
  logQueryError() {}
  logQuerySlow() {}
  logSchemaBuild() {}
  logMigration() {}
  log() {}
}

const jtiOf = (token) => JSON.parse(Buffer.from(token.split('.')[1], 'base64url').toString()).jti;

/** The statements of one refresh, by verb. The polls of the copy are switched off for it. */
async function statementsOf(options) {
  const logger = new StatementLog();
  const dataSource = await openDatabase({ ...options, logging: ['query'], logger });
  const { tokens, close } = await startJwto(dataSource, { blocklistCheck: 'refresh' });
  const count = async (refresh) => {
    logger.statements.length = 0;
    await refresh();
    const verbs = {};
    for (const verb of logger.statements) verbs[verb] = (verbs[verb] ?? 0) + 1;
    return verbs;
  };
  const first = await tokens.issue(bob);
  await tokens.refresh((await tokens.issue(bob)).refresh);
  const usual = await count(() => tokens.refresh(first.refresh));
  const replay = await count(() => tokens.refresh(first.refresh));
  const update = await count(async () => tokens.updateRefresh((await tokens.issue(bob)).refresh));
  const issue = await count(() => tokens.issue(bob));
  for (const [verb, times] of Object.entries(issue)) update[verb] -= times;
  delete update.INSERT;
  await close();
  return { usual, replay, update };
}

async function measure(type, rounds) {
  const database = await makeDatabase(type, 'refresh');
  if (database === undefined) return undefined;
  try {
    const statements = await statementsOf(database.options);
    const apps = [];
    for (let app = 0; app < 2; app++) apps.push(await startJwto(await openDatabase(database.options)));
    let [most, failed] = [0, 0];
    for (let round = 0; round < rounds; round++) {
      const { refresh } = await apps[0].tokens.issue(bob);
      const calls = Array.from({ length: AT_ONCE }, (_, index) => apps[index % 2].tokens.refresh(refresh));
      const answers = await Promise.allSettled(calls);
      const successors = new Set(answers.flatMap(({ value }) => (value === undefined ? [] : [jtiOf(value.refresh)])));
      most = Math.max(most, successors.size);
      failed += answers.filter(({ status }) => status === 'rejected').length;
    }
    for (const { close } of apps) await close();
    return { name: NAMES[type], atOnce: AT_ONCE, rounds, most, failed, statements };
  } finally {
    await database.drop();
  }
}

export async function refresh({ isQuick }) {
  const rows = [];
  for (const type of Object.keys(NAMES)) rows.push(await measure(type, isQuick ? 10 : 100));
  return { rows: rows.filter((row) => row !== undefined) };
}
