// All lines of the targets, against what is in use elsewhere.
//   npm run build && npm run bench                  the full run; writes docs/performance.md
//   npm run bench -- --quick                        the same in short, under two minutes; writes nothing
//   npm run bench -- --only=http,reach              these parts; a full one takes its place in the page
// TEST_POSTGRES_URL and TEST_MARIADB_URL name the servers; databases are made on them and dropped again.
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { tablesOf } from './report/tables.mjs';
import { targetsTable } from './report/targets.mjs';
import { machine, writePage } from './report/page.mjs';
import { ended, messageOf, start } from './support/processes.mjs';

/** In the order of the page. What needs a quiet machine most comes first. */
const PARTS = ['guards', 'algorithms', 'http', 'tables', 'memory', 'logins', 'refresh', 'reach'];
const at = (path) => fileURLToPath(new URL(path, import.meta.url));
const KEPT = at('../temp/bench-results.json');

const isQuick = process.argv.includes('--quick');
const only = process.argv
  .find((argument) => argument.startsWith('--only='))
  ?.slice('--only='.length)
  .split(',');
const unknown = only?.filter((name) => !PARTS.includes(name)) ?? [];
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}: choose of ${PARTS.join(', ')}.`);
  process.exit(1);
}
if (!existsSync(at('../dist/index.js'))) {
  console.error('There is no dist: run `npm run build` first. The benchmark measures the built package.');
  process.exit(1);
}

// A build meanwhile must not change what is measured.
const copy = at(`../temp/bench-dist-${process.pid}`);
mkdirSync(at('../temp'), { recursive: true });
cpSync(at('../dist'), copy, { recursive: true });
process.env.BENCH_DIST = `${pathToFileURL(copy).href}/`;
process.once('exit', () => rmSync(copy, { recursive: true, force: true }));
// The part hears it too, and drops its databases.
process.once('SIGINT', () => process.exit(130));

async function run(name) {
  // The client of the HTTP part keeps to the second core, its server to the first.
  const options = name === 'http' ? { core: 1 } : {};
  const child = start(at('./run-part.mjs'), [name, JSON.stringify({ isQuick })], options);
  const began = { date: new Date().toISOString(), load: loadavg()[0] };
  const result = await messageOf(child);
  await ended(child);
  return { ...began, seconds: Math.round((Date.now() - Date.parse(began.date)) / 1000), result };
}

console.log(machine());
const kept = !isQuick && existsSync(KEPT) ? JSON.parse(readFileSync(KEPT, 'utf8')) : {};
const results = only === undefined ? {} : kept;
for (const name of only ?? PARTS) {
  results[name] = await run(name);
  console.log(`\n${tablesOf(name, results[name])}`);
  if (!isQuick) writeFileSync(KEPT, JSON.stringify(results, null, 1));
}
console.log(`\n${targetsTable(results)}`);
const isComplete = PARTS.every((name) => name in results);
if (!isQuick && isComplete) {
  await writePage(PARTS, results);
  console.log('\ndocs/performance.md is written.');
}
