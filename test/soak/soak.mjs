// npm run soak -- --minutes 10
//
// Runs applications on a PostgreSQL of its own that loses every connection ten times a second and is stopped and started
// once a minute. See soak.ts.
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';

const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error('--minutes is a number above 0');

const { module } = await runnerImport('./test/soak/soak.ts', { resolve: { tsconfigPaths: true } });
const problems = await module.soak(minutes);
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'All held.' : `${String(problems.length)} problems.`);
process.exit(problems.length === 0 ? 0 : 1);
