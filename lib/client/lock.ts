import type { Settings } from './options.js';

/** Runs work while nobody else does, in this tab and in the others. */
export type Lock = <T>(work: () => Promise<T>) => Promise<T>;

/** Waits. @param ms - milliseconds */
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A lock among the tabs that have the same name. A tab that holds it and does not move (frozen, stopped in a debugger)
 * is waited for as long as `patience`; then the others go on, one by one, without it.
 *
 * @param patience - milliseconds; less than the server's grace, so that what a frozen tab has begun is not lost
 */
export function createLock({ name, tabs: { locks, localStorage } }: Settings, patience: number): Lock {
  // A level is a lock of its own: on the one above the first wait those who gave up on the holder of the first. Whoever
  // gets that steals the first one back, so the tabs that come later wait for nobody.
  const byWebLock = async <T>(manager: NonNullable<typeof locks>, work: () => Promise<T>, level = 0): Promise<T> => {
    let running: Promise<T> | undefined;
    const begin = (): Promise<T> => (running = work());
    const signal = AbortSignal.timeout(patience);
    try {
      await manager.request(level ? `${name} ${level}` : name, { signal }, () =>
        level ? manager.request(name, { steal: true }, begin) : begin(),
      );
    } catch {
      // The work's own failure, a lock that was stolen from under it, the end of patience, or locks that are forbidden.
    }
    return running ?? (signal.aborted ? byWebLock(manager, work, level + 1) : work());
  };

  const byLease = async <T>(storage: NonNullable<typeof localStorage>, work: () => Promise<T>): Promise<T> => {
    const key = `${name} lease`;
    const mine = `${Math.random()}`;
    const giveUp = Date.now() + 2 * patience;
    const holder = (): string | undefined => {
      const [other, end] = (storage.getItem(key) ?? '').split(' ');
      const rest = Number(end) - Date.now();
      return rest > 0 && rest <= patience ? other : undefined;
    };
    try {
      while (holder() !== mine && Date.now() < giveUp) {
        if (!holder()) storage.setItem(key, `${mine} ${Date.now() + patience}`);
        // Long enough for two tabs that wrote at once to see whose value stayed.
        await sleep(30 + Math.random() * 20);
      }
      return await work();
    } finally {
      if (holder() === mine) storage.removeItem(key);
    }
  };

  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const mine = last.then(() =>
      locks ? byWebLock(locks, work) : localStorage ? byLease(localStorage, work) : work(),
    );
    last = mine.catch(() => 0);
    return mine;
  };
}
