import { fork, type ChildProcess } from 'node:child_process';
import type { Race, Try } from './race-cases.js';

const PROCESSES = 4;

/** What a worker is asked, and answers. */
export interface WorkerQuestion {
  id: number;
  realm: string;
  tries: readonly Try[];
}

/** The answer to a {@link WorkerQuestion}. */
export interface WorkerAnswer {
  id: number;
  won?: boolean[];
  error?: string;
}

/** Processes with a store each. */
export class WorkerProcesses {
  private readonly children: ChildProcess[];
  private next = 0;

  /** @param worker - a module whose default export opens the store */
  constructor(worker: URL) {
    const script = new URL('./worker.js', import.meta.url);
    this.children = Array.from({ length: PROCESSES }, () => fork(script, [worker.href]));
  }

  /** Makes tries in all of them at once. */
  readonly race: Race = async (realm, tries) => {
    const answers = await Promise.all(
      this.children.map((child, place) => {
        const own = tries.filter((_, index) => index % PROCESSES === place);
        return this.ask(child, { id: this.next++, realm, tries: own });
      }),
    );
    return answers.flat();
  };

  /** Ends them. */
  stop(): void {
    for (const child of this.children) child.kill();
  }

  private ask(child: ChildProcess, question: WorkerQuestion): Promise<boolean[]> {
    return new Promise((resolve, reject) => {
      const ended = (): void => {
        reject(new Error('A process of the conformance suite ended.'));
      };
      const answered = ({ id, won, error }: WorkerAnswer): void => {
        if (id !== question.id) return;
        child.off('message', answered).off('exit', ended);
        if (won === undefined) reject(new Error(error));
        else resolve(won);
      };
      child.on('message', answered).once('exit', ended);
      child.send(question);
    });
  }
}
