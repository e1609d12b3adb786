import { Logger, type OnModuleDestroy } from '@nestjs/common';
import { SHUTDOWN_LIMIT, within } from '../clock/time-limit.js';
import { StoreUnavailableError } from '../errors/store-errors.js';

/** Every function and class that the application gives us has so long for an answer, in milliseconds. */
export const HOOK_LIMIT = 10_000;

/**
 * Asks the application's own code: its users, claims and settings that are functions. Whatever goes wrong in it, or
 * takes too long, becomes 503 `store_unavailable`, is logged by the hook's name, and nothing else happens.
 */
export class Hooks implements OnModuleDestroy {
  private readonly logger = new Logger('Jwto');
  private readonly waiting = new Set<() => void>();
  private limit = HOOK_LIMIT;

  /**
   * Waits for a hook for ten seconds, and while the application ends for five.
   *
   * @param name - of the hook, for the log
   * @param question - calls it, and throws if the result is not valid
   * @throws StoreUnavailableError if it throws, rejects or hangs
   */
  async ask<T>(name: string, question: () => Promise<T>): Promise<T> {
    let giveUp = (): void => undefined;
    const end = new Promise<never>((_resolve, reject) => {
      giveUp = () => {
        reject(new Error(`${name} had no answer when the application ended`));
      };
    });
    this.waiting.add(giveUp);
    try {
      return await within(this.limit, Promise.race([question(), end]), name);
    } catch (error) {
      const cause: unknown = error instanceof StoreUnavailableError ? (error.cause ?? error) : error;
      this.logger.error(`${name} failed`, cause instanceof Error ? cause.stack : String(cause));
      throw new StoreUnavailableError(cause);
    } finally {
      this.waiting.delete(giveUp);
    }
  }

  /** The server waits for the requests that are under way, and they for a hook. */
  onModuleDestroy(): void {
    this.limit = SHUTDOWN_LIMIT;
    setTimeout(() => {
      for (const giveUp of this.waiting) giveUp();
    }, SHUTDOWN_LIMIT).unref();
  }
}
