import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readdir, rmdir, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** The repository: suites run from its root. */
export const ROOT = process.cwd();
/** What `npm run sample` runs. */
export const SAMPLE_MAIN = join(ROOT, 'sample-app/dist/main.js');

/** What the script builds last. */
const LAST_BUILT = join(ROOT, 'sample-app/dist/web/main.js');
const LOCK = join(tmpdir(), `jwto-sample-build-${createHash('sha256').update(ROOT).digest('hex').slice(0, 16)}`);
const LONGEST_BUILD = 120_000;

/**
 * Builds the library and the sample where a source is newer than what was built. Test files run side by side and
 * `nest build` empties its folder first, so the first file builds and the others wait for it.
 */
export async function buildSample(): Promise<void> {
  await takeLock();
  try {
    const libraryIsOld = (await newest('lib')) > (await modified(join(ROOT, 'dist/index.js')));
    if (libraryIsOld) await run('build');
    const sampleIsOld = (await newest('sample-app')) > (await modified(LAST_BUILT));
    if (libraryIsOld || sampleIsOld) await run('build:sample');
  } finally {
    await rmdir(LOCK);
  }
}

async function takeLock(): Promise<void> {
  for (;;) {
    try {
      await mkdir(LOCK);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    // Left behind by a run that was killed.
    if (Date.now() - (await modified(LOCK)) > LONGEST_BUILD) await rmdir(LOCK).catch(() => undefined);
    await sleep(100);
  }
}

async function run(script: string): Promise<void> {
  try {
    await promisify(execFile)('npm', ['run', script], { cwd: ROOT });
  } catch (error) {
    const { stdout, stderr } = error as { stdout: string; stderr: string };
    throw new Error(`npm run ${script} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}

async function newest(folder: string): Promise<number> {
  const files = await readdir(join(ROOT, folder), { recursive: true });
  const sources = files.filter((file) => /\.(ts|html|css|svg)$/.test(file) && !file.startsWith('dist'));
  return Math.max(...(await Promise.all(sources.map((file) => modified(join(ROOT, folder, file))))));
}

/** 0 for what is not there. */
async function modified(path: string): Promise<number> {
  return stat(path).then(
    ({ mtimeMs }) => mtimeMs,
    () => 0,
  );
}
