import { StoreUnavailableError } from '../errors/store-errors.js';

/** 503 `store_unavailable`: what was waited for did not come in time, and may come yet. */
export class OverdueError extends StoreUnavailableError {
  /** @param who - should have answered, for the log */
  constructor(who: string, milliseconds: number) {
    super(new Error(`${who} took over ${String(Math.round(milliseconds))} ms`));
  }
}

/**
 * Waits for work, and no longer than this. The work itself goes on: a statement that was sent cannot be taken back.
 *
 * @param milliseconds - at most
 * @param who - does it, for the message
 * @throws OverdueError if it takes longer
 */
export async function within<T>(milliseconds: number, work: Promise<T>, who = 'the database'): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => {
      reject(new OverdueError(who, milliseconds));
    }, milliseconds);
    timer.unref();
  });
  // Whoever loses the race may still fail.
  work.catch(() => undefined);
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** A wait at the application's end takes no longer, in milliseconds: an orchestrator kills what does not end. */
export const SHUTDOWN_LIMIT = 5000;

/** Waits for work while the application ends, whatever comes of it, and no longer than five seconds. */
export async function endOf(work: Promise<unknown> | undefined): Promise<void> {
  if (work !== undefined) await within(SHUTDOWN_LIMIT, work).catch(() => undefined);
}
