import type { Settings } from './options.js';

/** Runs work while no other client of that name does, in whatever tab. */
export type Lock = <T>(work: () => Promise<T>) => Promise<T>;

/** Waits. @param ms - milliseconds */
export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * A lock among the tabs that have the same name. A tab that holds it and does not move (frozen, stopped in a debugger)
 * is waited for as long as `patience`; then the others go on, one by one, without it.
 *
 * @param patience - milliseconds; less than the server's grace, so that what a frozen tab has begun is not lost
 */
export function createLock({ name, tabs }: Settings, patience: number): Lock {
  // A level is a lock of its own: on the one above the first, tabs wait that gave up on the holder of the first. The tab
  // that gets it steals the first one back, so the tabs that come later wait for nobody.
  const byWebLock = async <T>(locks: Pick<LockManager, 'request'>, work: () => Promise<T>, level = ''): Promise<T> => {
    let running: Promise<T> | undefined;
    const begin = (): Promise<T> => (running = work());
    const signal = AbortSignal.timeout(patience);
    try {
      await locks.request(name + level, { signal }, () =>
        level ? locks.request(name, { steal: true }, begin) : begin(),
      );
    } catch {
      // The work's own failure, a lock that was stolen from under it, the end of patience, or locks that are forbidden.
    }
    return running ?? (signal.aborted ? byWebLock(locks, work, `${level}+`) : work());
  };

  // A lease is the time of its end, with a fraction that only its holder knows.
  const byLease = async <T>(work: () => Promise<T>): Promise<T> => {
    const key = `${name} lease`;
    // eslint-disable-next-line @typescript-eslint/no-non-null-assertion -- where there is none, it throws as a forbidden one
    const storage = (): NonNullable<Settings['tabs']['localStorage']> => tabs.localStorage!;
    const lease = (): number => Number(storage().getItem(key));
    const giveUp = Date.now() + 2 * patience;
    let mine = NaN;
    try {
      while (lease() !== mine && Date.now() < giveUp) {
        // Nobody takes one for longer: it is of a clock that was ahead.
        if (lease() < Date.now() || lease() > Date.now() + 2 * patience) {
          mine = Date.now() + patience + Math.random();
          storage().setItem(key, String(mine));
        }
        // Long enough for two tabs that wrote at once to see whose value stayed.
        await sleep(30 + Math.random() * 20);
      }
    } catch {
      // Full, forbidden or none: the server bears parallel refreshes.
    }
    return work().finally(() => {
      if (mine && lease() === mine) storage().removeItem(key);
    });
  };

  return (work) => (tabs.navigator?.locks ? byWebLock(tabs.navigator.locks, work) : byLease(work));
}

/** Runs work in the order of its calls in this tab, whatever becomes of what came before. */
export function createQueue(): Lock {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const next = last.then(work);
    last = next.catch(() => 0);
    return next;
  };
}
