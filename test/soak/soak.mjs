// npm run soak -- --minutes 10 [--seed 7] [--trouble terminate]
//
// Runs applications on a PostgreSQL of its own, whose tables are locked and whose connections are delayed, halted, cut and
// ended at random, and which is stopped and started once a minute. The seed is printed. See soak.ts and troubles.ts.
import { parseArgs } from 'node:util';
import { runnerImport } from 'vite';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    trouble: { type: 'string', multiple: true, default: [] },
  },
});
const minutes = Number(values.minutes);
if (!(minutes > 0)) throw new Error('--minutes is a number above 0');
console.log(`--seed ${values.seed}`);

const { module } = await runnerImport('./test/soak/soak.ts', { resolve: { tsconfigPaths: true } });
const problems = await module.soak({ minutes, seed: Number(values.seed), troubles: values.trouble });
for (const problem of problems) console.error(problem);
console.log(problems.length === 0 ? 'All held.' : `${String(problems.length)} problems.`);
process.exit(problems.length === 0 ? 0 : 1);
