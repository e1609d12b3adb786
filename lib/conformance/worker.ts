import type { JwtoStore } from '../store/jwto-store.js';
import type { WorkerAnswer, WorkerQuestion } from './processes.js';
import { attempt } from './race-cases.js';

/** What runs in each process: it opens the store of the module in its first argument, and makes the tries that it is sent. */
const store = import(process.argv[2] ?? '').then(({ default: open }: { default: () => Promise<JwtoStore> }) => open());

process.on('message', ({ id, realm, tries }: WorkerQuestion) => {
  const answer = (rest: Omit<WorkerAnswer, 'id'>): void => void process.send?.({ id, ...rest });
  const all = store.then((opened) => Promise.all(tries.map((one) => attempt(opened, realm, one))));
  all.then(
    (won) => {
      answer({ won });
    },
    (error: unknown) => {
      answer({ error: String(error) });
    },
  );
});
