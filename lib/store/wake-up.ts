/**
 * Tells other processes that there is something to read. It carries nothing and may be lost: it only makes a poll come
 * sooner.
 */
export abstract class WakeUp {
  /** Wakes the others. Not awaited: what it is about has been written. */
  abstract send(): void;

  /** Calls back when another process, or this one, has sent; also after a connection was made anew. */
  abstract listen(wake: () => void): void;

  /** @returns when nothing is held any more; within a second */
  abstract stop(): Promise<void>;
}

/** For a store that wakes nobody: a revocation is known elsewhere after a poll. */
export class NoWakeUp extends WakeUp {
  override send(): void {
    // Nobody listens.
  }

  override listen(): void {
    // Nobody sends.
  }

  override stop(): Promise<void> {
    return Promise.resolve();
  }
}
