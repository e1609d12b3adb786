// What a verified token and a revocation weigh, and what a guard costs with so many of them.
import { fileURLToPath } from 'node:url';
import { makeDatabase } from '../support/databases.mjs';
import { PRESENTABLE, fill } from '../support/fill.mjs';
import { quantile } from '../support/measure.mjs';
import { messageOf, ended, start } from '../support/processes.mjs';

const CHILD = fileURLToPath(new URL('./memory-child.mjs', import.meta.url));
const ONE = 500;

/** Runs a job of `memory-child.mjs` in a process of its own. */
export async function memoryOf(job, task) {
  const nodeOptions = ['--expose-gc', '--max-old-space-size=8000'];
  const child = start(CHILD, [JSON.stringify({ job, ...task })], { nodeOptions });
  const result = await messageOf(child);
  await ended(child);
  return result;
}

/** The median of three processes: a heap is never twice the same, and what little weighs would not show. */
async function memoryOfThree(job, task) {
  const runs = [];
  for (let time = 0; time < 3; time++) runs.push(await memoryOf(job, task));
  return Object.fromEntries(
    Object.keys(runs[0]).map((key) => [
      key,
      quantile(
        runs.map((run) => run[key] ?? 0),
        0.5,
      ),
    ]),
  );
}

/** Bytes each, more than with none. */
const each = (with_, none, count) => ({
  heap: (with_.heap - none.heap) / count,
  outside: (with_.outside - none.outside) / count,
});

async function tokens(sizes, few) {
  const none = await (few === 0 ? memoryOf : memoryOfThree)('tokens', {
    count: 0,
    limits: { entries: 2, bytes: 8192 },
  });
  const rows = [];
  for (const count of sizes) {
    const got = await (count > few ? memoryOf : memoryOfThree)('tokens', {
      count,
      limits: { entries: 2 * count, bytes: 2 * count * 460 },
    });
    rows.push({ count, ...each(got, none, count), guard: got.guard });
  }
  // With the limits that are the default: what comes beyond them pushes others out.
  const most = sizes.at(-1);
  const got = await memoryOf('tokens', { count: most });
  return { rows, byDefault: { count: most, heap: got.heap - none.heap, outside: got.outside - none.outside } };
}

async function revocations(sizes, few) {
  const rows = [];
  const baseline = await makeDatabase('better-sqlite3', 'none');
  const none = await (few === 0 ? memoryOf : memoryOfThree)('revocations', { options: baseline.options });
  await baseline.drop();
  for (const count of sizes) {
    const database = await makeDatabase('better-sqlite3', `live${count}`);
    await fill(database.options, count, PRESENTABLE, ['jwto_session']);
    const got = await (count > few ? memoryOf : memoryOfThree)('revocations', { options: database.options });
    if (got.size !== count) throw new Error(`the copy holds ${got.size} of ${count} revocations`);
    rows.push({ count, ...each(got, none, count), guard: got.guard, read: got.read });
    await database.drop();
  }
  return { rows };
}

export async function memory({ isQuick }) {
  const sizes = (isQuick ? [10, 100] : [1, 10, 100, 1000]).map((times) => times * ONE);
  // Of few, each is measured three times.
  const few = isQuick ? 0 : 10 * ONE;
  return { tokens: await tokens(sizes, few), revocations: await revocations(sizes, few) };
}
