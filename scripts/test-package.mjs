// Packs the library, installs the tarball into a CommonJS Nest 11 app (TypeORM 0.3, TypeScript 5.9) and an ESM Nest 12
// app (TypeORM 1, TypeScript 6), compiles both against its types, and has both log in. Needs the build.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'jwto-package-'));
const run = (cwd, command, ...args) =>
  execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });

let failed = 0;
try {
  const [{ filename }] = JSON.parse(run(root, 'npm', 'pack', '--json', '--silent', '--pack-destination', work));
  const consumers = ['cjs-nest11', 'esm-nest12'];
  for (const consumer of consumers) {
    const folder = join(work, consumer);
    cpSync(join(root, 'test/package', consumer), folder, { recursive: true });
    cpSync(join(root, 'test/package/app.ts'), join(folder, 'app.ts'));
    try {
      run(folder, 'npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', join(work, filename));
      run(folder, 'npx', 'tsc', '-p', 'tsconfig.json');
      process.stdout.write(`${consumer}\n${run(folder, process.execPath, 'dist/app.js')}`);
    } catch (error) {
      failed += 1;
      process.stderr.write(`${consumer} failed\n${error.stdout ?? ''}${error.message}\n`);
    }
  }
  process.stdout.write(`${consumers.length - failed} passed, ${failed} failed\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
