// Packs the library, installs the tarball into a CommonJS Nest 11 app (TypeORM 0.3, TypeScript 5.9) and an ESM Nest 12
// app (TypeORM 1, TypeScript 6), compiles both against its types, and has both log in. Then the same package in Jest
// (CommonJS, JavaScript by ts-jest and by @swc/jest) and in one file made by esbuild, run where no node_modules lies.
// Needs the build.
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const work = mkdtempSync(join(tmpdir(), 'jwto-package-'));
const run = (cwd, command, ...args) =>
  execFileSync(command, args, { cwd, stdio: ['ignore', 'pipe', 'inherit'], encoding: 'utf8' });

const compileAndLogIn = (folder) => {
  run(folder, 'npx', 'tsc', '-p', 'tsconfig.json');
  return run(folder, process.execPath, 'dist/app.js');
};
const jest = (folder) => {
  // Jest's own limit of five seconds is for a machine of one's own.
  const jest = ['jest', '--silent', '--testTimeout=120000', '-c'];
  for (const transform of ['ts', 'swc']) run(folder, 'npx', ...jest, `jest.${transform}.json`);
  return 'ok  ts-jest\nok  @swc/jest\n';
};
// What TypeORM and Nest ask for only where an application uses it.
const EXTERNAL = [
  ...['mysql', 'mysql2', 'pg', 'pg-native', 'pg-query-stream', 'mongodb', 'redis', 'ioredis', 'mssql', 'oracledb'],
  ...['better-sqlite3', 'sqlite3', 'hdb-pool', '@sap/*', '@google-cloud/spanner', 'react-native-sqlite-storage'],
  ...['typeorm-aurora-data-api-driver', '@nestjs/microservices', '@nestjs/websockets', 'class-transformer'],
  '@fastify/static',
];
const bundle = (folder) => {
  run(folder, 'npx', 'tsc', '-p', 'tsconfig.json');
  const alone = join(work, 'bundle-alone');
  mkdirSync(alone);
  const options = ['--bundle', '--platform=node', '--target=node20', '--format=cjs', '--log-level=error'];
  const external = EXTERNAL.map((name) => `--external:${name}`);
  run(folder, 'npx', 'esbuild', 'dist/main.js', `--outfile=${join(alone, 'main.cjs')}`, ...options, ...external);
  cpSync(join(folder, 'node_modules/sql.js/dist/sql-wasm.wasm'), join(alone, 'sql-wasm.wasm'));
  return run(alone, process.execPath, 'main.cjs');
};

const consumers = [
  { name: 'cjs-nest11', source: 'app.ts', tryOut: compileAndLogIn },
  { name: 'esm-nest12', source: 'app.ts', tryOut: compileAndLogIn },
  { name: 'jest-cjs', source: 'peers.module.ts', tryOut: jest },
  { name: 'bundle-cjs', source: 'peers.module.ts', tryOut: bundle },
];

let failed = 0;
try {
  const [{ filename }] = JSON.parse(run(root, 'npm', 'pack', '--json', '--silent', '--pack-destination', work));
  for (const { name, source, tryOut } of consumers) {
    const folder = join(work, name);
    cpSync(join(root, 'test/package', name), folder, { recursive: true });
    cpSync(join(root, 'test/package', source), join(folder, source));
    try {
      run(folder, 'npm', 'install', '--no-audit', '--no-fund', '--loglevel=error', join(work, filename));
      process.stdout.write(`${name}\n${tryOut(folder)}`);
    } catch (error) {
      failed += 1;
      process.stderr.write(`${name} failed\n${error.stdout ?? ''}${error.message}\n`);
    }
  }
  process.stdout.write(`${consumers.length - failed} passed, ${failed} failed\n`);
} finally {
  rmSync(work, { recursive: true, force: true });
}
process.exitCode = failed === 0 ? 0 : 1;
