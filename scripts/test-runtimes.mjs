// Packs the library, installs the tarball with Bun and Deno of the npm registry beside it, and has each of them, and this
// Node, run one application on Express and on Fastify. Fails where one cannot be installed. Needs the build.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'jwto-runtimes-'));
const run = (cwd, command, ...args) =>
  execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8', timeout: 300_000 });

const bin = join(work, 'node_modules/.bin');
const runtimes = [
  { name: 'node', command: [process.execPath] },
  { name: 'bun', command: [join(bin, 'bun')] },
  { name: 'deno', command: [join(bin, 'deno'), 'run', '--allow-all', '--no-lock'], version: [join(bin, 'deno')] },
];

let failed = 0;
try {
  cpSync(join(root, 'test/package/runtimes'), work, { recursive: true });
  const [{ filename }] = JSON.parse(run(root, 'npm', 'pack', '--json', '--silent', '--pack-destination', work));
  // The tools fetch their binaries by scripts of their own where these are allowed, and else at the first run.
  run(work, 'npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', join(work, filename));
  run(work, 'npx', 'tsc', '-p', 'tsconfig.json');
  for (const { name, command, version = command } of runtimes) {
    const found = run(work, ...version, '--version').match(/\d+\.\d+\.\d+/)?.[0];
    for (const adapter of ['express', 'fastify']) {
      try {
        process.stdout.write(`${name} ${found} ${adapter}: ${run(work, ...command, 'dist/runtime-app.js', adapter)}`);
      } catch (error) {
        failed += 1;
        process.stderr.write(`${name} ${found} ${adapter} failed\n${error.stdout ?? ''}${error.message}\n`);
      }
    }
  }
  process.stdout.write(`${runtimes.length * 2 - failed} passed, ${failed} failed\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
