// How long a revocation in one process takes to reach the guards of another.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { makeDatabase } from '../support/databases.mjs';
import { bob, openDatabase, startJwto } from '../support/jwto-app.mjs';
import { quantile } from '../support/measure.mjs';
import { ask, ended, messageOf, start } from '../support/processes.mjs';

const REVOKER = fileURLToPath(new URL('./reach-revoker.mjs', import.meta.url));
const NAMES = {
  postgres: 'PostgreSQL, woken by NOTIFY',
  mariadb: 'MariaDB, by poll',
  'better-sqlite3': 'SQLite, by poll',
};

/** Milliseconds from the end of the other process' `revokeSession` to the first refusal here. */
async function once(tokens, child) {
  const { sid, access } = await tokens.issue(bob);
  // At any moment between two polls.
  await sleep(100 + Math.random() * 1000);
  const revoked = ask(child, sid);
  let refused;
  while (refused === undefined) {
    await tokens.verify(access).catch(() => (refused = performance.timeOrigin + performance.now()));
    await sleep(1);
  }
  return Math.max(0, refused - (await revoked));
}

async function measure(type, times) {
  const database = await makeDatabase(type, 'reach');
  if (database === undefined) return undefined;
  try {
    const { tokens, close } = await startJwto(await openDatabase(database.options));
    const child = start(REVOKER, [JSON.stringify(database.options)]);
    await messageOf(child);
    const delays = [];
    for (let time = 0; time < times; time++) delays.push(await once(tokens, child));
    child.disconnect();
    await ended(child);
    await close();
    const [median, most, longest] = [0.5, 0.95, 1].map((part) => quantile(delays, part));
    return { name: NAMES[type], byNotify: type === 'postgres', times, median, most, longest };
  } finally {
    await database.drop();
  }
}

export async function reach({ isQuick }) {
  const rows = await Promise.all(Object.keys(NAMES).map((type) => measure(type, isQuick ? 6 : 40)));
  return { rows: rows.filter((row) => row !== undefined) };
}
