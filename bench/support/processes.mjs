// Processes of the benchmark, each on a core of its own where there are two.
import { spawn, spawnSync } from 'node:child_process';
import { cpus } from 'node:os';

const canPin = cpus().length > 1 && spawnSync('taskset', ['-V']).status === 0;

/**
 * Starts a script with a channel to it.
 *
 * @param core - 0 for servers, 1 for clients; none leaves it to the system
 */
export function start(script, args, { core, nodeOptions = [] } = {}) {
  const pin = core !== undefined && canPin ? ['taskset', '-c', String(core)] : [];
  const [command, ...rest] = [...pin, process.execPath, ...nodeOptions, script, ...args];
  return spawn(command, rest, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
}

/** The next message of a process; fails if it ends first. */
export function messageOf(child) {
  return new Promise((resolve, reject) => {
    const onExit = (code) => reject(new Error(`${child.spawnargs.join(' ').slice(0, 200)} ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (message) => {
      child.off('exit', onExit);
      resolve(message);
    });
  });
}

/** Asks a process and gives its answer. */
export function ask(child, question) {
  const answer = messageOf(child);
  child.send(question);
  return answer;
}

/** Waits until a process has ended. */
export function ended(child) {
  return child.exitCode !== null ? Promise.resolve() : new Promise((resolve) => child.once('exit', resolve));
}
