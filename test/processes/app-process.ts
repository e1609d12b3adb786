import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { JwtoEventName } from 'jwto';
import { SIGNING_KEY } from '../support/test-app.js';
import type { ProcessDatabase } from './process-databases.js';

const MAIN = join(import.meta.dirname, 'app/main.mjs');

/** An event of a process. */
export interface ToldEvent {
  event: JwtoEventName;
  sid: string | null;
}

type Message = ToldEvent | { port: number } | { id: number; value?: unknown; error?: string };

/** An application in a process of its own. */
export class AppProcess {
  readonly events: ToldEvent[] = [];
  readonly ended: Promise<unknown>;
  url = '';
  /** What it wrote to its outputs. */
  output = '';
  private readonly calls = new Map<number, (answer: { value?: unknown; error?: string }) => void>();
  private lastCall = 0;

  private constructor(private readonly child: ChildProcess) {
    this.ended = once(child, 'exit');
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    }
    child.on('message', (message: Message) => {
      if ('event' in message) this.events.push(message);
      else if ('id' in message) this.calls.get(message.id)?.(message);
    });
  }

  /**
   * Starts one on a database, and waits until it listens.
   *
   * @param env - settings of the library, and those of `app/main.mjs`
   */
  static async start(database: ProcessDatabase, env: Record<string, string> = {}): Promise<AppProcess> {
    const { PATH = '' } = process.env;
    const own = { PATH, JWTO_SIGNING_KEY: SIGNING_KEY, TEST_DATABASE: JSON.stringify(database.options) };
    const isolation = database.isolation === undefined ? {} : { TEST_ISOLATION: database.isolation };
    const child = fork(MAIN, { env: { ...own, ...isolation, ...env }, execArgv: [], stdio: 'pipe' });
    const kill = (): void => void child.kill('SIGKILL');
    process.once('exit', kill);
    const app = new AppProcess(child);
    void app.ended.then(() => process.off('exit', kill));
    const listening = new Promise<number>((resolve) => {
      child.on('message', (message: Message) => {
        if ('port' in message) resolve(message.port);
      });
    });
    const port = await Promise.race([listening, app.ended]);
    if (typeof port !== 'number') throw new Error(`The application did not start:\n${app.output}`);
    app.url = `http://127.0.0.1:${String(port)}`;
    return app;
  }

  /** Calls a method of its TokenService, closes the application, or sets its clocks wrong. */
  async call(
    method: 'purge' | 'revokeSession' | 'revokeUser' | 'revokeAll' | 'revokeOtherSessions' | 'close' | 'setClocks',
    ...args: unknown[]
  ): Promise<unknown> {
    const id = ++this.lastCall;
    const answered = new Promise<{ value?: unknown; error?: string }>((resolve) => this.calls.set(id, resolve));
    this.child.send({ id, method, args });
    const { value, error } = await answered;
    if (error !== undefined) throw new Error(error);
    return value;
  }

  /** The names of the events that tell of something that nobody wanted. */
  alarms(): string[] {
    const quiet = ['jwto.logged_in', 'jwto.login_failed', 'jwto.access_refreshed', 'jwto.refresh_updated'];
    return this.events.map(({ event }) => event).filter((name) => !quiet.includes(name));
  }

  /** Whether it has not ended by itself. */
  get isRunning(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  signal(name: 'SIGSTOP' | 'SIGCONT'): void {
    this.child.kill(name);
  }

  /** Ends it at once, and waits until it is gone. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}

/** Starts several side by side. */
export function startAll(database: ProcessDatabase, environments: Record<string, string>[]): Promise<AppProcess[]> {
  return Promise.all(environments.map((env) => AppProcess.start(database, env)));
}
