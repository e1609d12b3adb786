// What guards cost while the tables are full of what has ended, and what the copy of the revocations holds of it.
import { makeDatabase } from '../support/databases.mjs';
import { ENDED, fill } from '../support/fill.mjs';
import { callCost } from '../support/in-process.mjs';
import { SECRET, bob, openDatabase, startJwto } from '../support/jwto-app.mjs';
import { inTurn, ratioOf, rowsOf, shuffled } from '../support/measure.mjs';
import { OpenGuard } from '../support/peers.mjs';
import { HeaderValues, tokenMaker } from '../support/tokens.mjs';
import { memoryOf } from './memory.mjs';

const TOKENS = 512;

export async function tables({ isQuick }) {
  const rows = isQuick ? 50_000 : 1_000_000;
  const size = isQuick ? { rounds: 15, slices: 2, count: 4000 } : { rounds: 60, slices: 4, count: 6000 };
  const made = {
    empty: await makeDatabase('better-sqlite3', 'empty'),
    full: await makeDatabase('better-sqlite3', 'full'),
  };
  try {
    await fill(made.full.options, rows, ENDED);
    const apps = {};
    for (const [name, { options }] of Object.entries(made)) apps[name] = await startJwto(await openDatabase(options));
    const make = tokenMaker((await apps.empty.tokens.issue(bob)).access, 'HS256', SECRET);
    const values = new HeaderValues(Array.from({ length: TOKENS }, (_, index) => make(index)));
    const order = shuffled(Array.from({ length: TOKENS }, (_, index) => index));
    const call = (guard) => () => callCost(guard, values, { count: size.count, order });
    const cases = { empty: call(apps.empty.guard), full: call(apps.full.guard) };
    const { results } = await inTurn(cases, call(new OpenGuard()), size);
    for (const { close } of Object.values(apps)) await close();
    const memory = {};
    for (const [name, { options }] of Object.entries(made)) memory[name] = await memoryOf('revocations', { options });
    return { rows, guards: rowsOf(results, 'empty'), target: ratioOf(results, 'full', 'empty'), memory };
  } finally {
    for (const { drop } of Object.values(made)) await drop();
  }
}
