import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { JwtoEvent } from 'jwto';
import { onTestFinished } from 'vitest';
import { ROOT, SAMPLE_MAIN } from './build-sample.js';

/** How a process ended, and what it had said. */
export interface Ended {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** A sample that listens. */
export interface RunningSample {
  /** As its line on stdout says. */
  url: string;
  port: number;
  dataDir: string;
  certFile: string;
  /** To be trusted by clients; `undefined` on plain http. */
  ca: string | undefined;
  /** The lines of stdout up to now. */
  lines(): string[];
  stderr(): string;
  /** The events of that name up to now; waits until there are so many. */
  events(name: string, atLeast?: number): Promise<JwtoEvent[]>;
  stop(signal?: NodeJS.Signals): Promise<Ended>;
}

/** A folder of its own for a sample's data, as long as the test runs. */
export function newDataDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'jwto-sample-'));
  onTestFinished(() => {
    rmSync(folder, { recursive: true });
  });
  return folder;
}

/** Starts the built sample as its users do, with no variable but these. */
export async function startSample(env: Record<string, string> = {}): Promise<RunningSample> {
  const dataDir = env['SAMPLE_DATA_DIR'] ?? newDataDir();
  const { child, output, ended } = launch({ PORT: '0', SAMPLE_DATA_DIR: dataDir, ...env });
  const listening = /^jwto sample listening on (https?:\/\/localhost:(\d+))$/m;
  const [, url = '', port = ''] = await until(() => listening.exec(output.stdout), child, output);
  const certFile = join(dataDir, 'cert.pem');
  const lines = (): string[] => output.stdout.split('\n').slice(0, -1);
  return {
    url,
    port: Number(port),
    dataDir,
    certFile,
    ca: url.startsWith('https:') ? readFileSync(certFile, 'utf8') : undefined,
    lines,
    stderr: () => output.stderr,
    events: (name, atLeast = 1) =>
      until(
        () => {
          const told = lines().filter((line) => line.startsWith(`${name} `));
          return told.length >= atLeast ? told.map((line) => JSON.parse(line.slice(name.length)) as JwtoEvent) : null;
        },
        child,
        output,
      ),
    stop: async (signal = 'SIGTERM') => {
      child.kill(signal);
      return ended;
    },
  };
}

/** Starts a sample that is expected not to start, and waits for its end. */
export function startSampleInVain(env: Record<string, string>): Promise<Ended> {
  return launch({ PORT: '0', SAMPLE_DATA_DIR: newDataDir(), ...env }).ended;
}

interface Launched {
  child: ChildProcess;
  output: { stdout: string; stderr: string };
  ended: Promise<Ended>;
}

function launch(env: Record<string, string>): Launched {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [SAMPLE_MAIN], { cwd: ROOT, env: { PATH, ...env }, stdio: 'pipe' });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => (output.stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output.stderr += text));
  const kill = (): void => {
    child.kill('SIGKILL');
  };
  process.once('exit', kill);
  const ended = once(child, 'close').then(([code, signal]) => {
    process.off('exit', kill);
    return { code, signal, ...output };
  });
  return { child, output, ended };
}

async function until<T>(look: () => T | null, child: ChildProcess, output: Launched['output']): Promise<T> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    const found = look();
    if (found !== null) return found;
    if (child.exitCode !== null || child.signalCode !== null) break;
    await sleep(20);
  }
  child.kill('SIGKILL');
  throw new Error(`The sample did not get there.\nstdout: ${output.stdout}\nstderr: ${output.stderr}`);
}
