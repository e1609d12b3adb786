import type { RevocationStore } from './revocation-store.js';
import type { SessionStore } from './session-store.js';
import type { StoreClock } from './store-clock.js';
import type { WakeUp } from './wake-up.js';

/**
 * Where sessions and revocations are kept: the setting `store`. Several processes share one. `jwto/store-conformance`
 * proves an implementation.
 */
export abstract class JwtoStore {
  abstract readonly clock: StoreClock;
  /** The background work that came last. */
  private last: Promise<unknown> = Promise.resolve();

  /**
   * Whether a write failed in the last half minute, so that what was given up may not be settled everywhere: what looks
   * like reuse is then looked at again before it is believed.
   */
  abstract readonly isTroubled: boolean;

  /**
   * Looks at the start whether everything is there.
   *
   * @throws JwtoConfigurationError naming what is missing and what to do
   */
  abstract assertReady(): Promise<void>;

  /** @param realm - the module instance: what one writes, another does not see */
  abstract sessions(realm: string): SessionStore;

  /** @param realm - the module instance: what one writes, another does not see */
  abstract revocations(realm: string): RevocationStore;

  /** A new one for each module instance. */
  abstract wakeUp(): WakeUp;

  /**
   * Does what no request waits for, one after the other, so that it never takes more than one connection of the
   * application's pool.
   */
  inBackground<T>(work: () => Promise<T>): Promise<T> {
    const done = this.last.then(work);
    this.last = done.catch(() => undefined);
    return done;
  }

  /**
   * The application ends.
   *
   * @returns when no connection of the application's is held any more; within five seconds
   */
  abstract close(): Promise<void>;
}
