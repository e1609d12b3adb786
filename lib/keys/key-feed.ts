import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { endOf, within } from '../clock/time-limit.js';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import { HOOK_LIMIT } from '../hooks/hooks.js';
import type { KeySource } from '../options/key-options.js';
import type { JwtoKey } from './jwto-key.js';
import type { KeyRing } from './key-ring.js';
import { loadRing } from './load-keys.js';

/**
 * Calls the function in `keys`. One that takes longer than every hook may is given up, and what it gives then not taken.
 *
 * @returns the keys, checked
 * @throws JwtoConfigurationError naming what is wrong, or that the source fails, and never a key
 */
export async function readKeys(
  source: Exclude<KeySource, readonly unknown[]>,
  enforceMinimumKeyLength: boolean,
): Promise<readonly JwtoKey[]> {
  let given: unknown;
  try {
    given = await within(HOOK_LIMIT, Promise.resolve(source()), 'the function in keys');
  } catch (error) {
    throw new JwtoConfigurationError('the function in keys failed', {
      cause: error,
    });
  }
  const loaded = loadRing(given, enforceMinimumKeyLength);
  if ('problems' in loaded) throw new JwtoConfigurationError([...loaded.problems]);
  return loaded.keys;
}

/** Keeps a ring as its source says, without a restart. A source that fails, or gives bad keys, changes nothing. */
export class KeyFeed implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Jwto');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> = Promise.resolve();
  private failing = false;
  private stopped = false;

  /**
   * @param read - gives the keys anew
   * @param interval - seconds between two reads
   */
  constructor(
    private readonly ring: KeyRing,
    private readonly read: () => Promise<readonly JwtoKey[]>,
    private readonly interval: number,
  ) {}

  onApplicationBootstrap(): void {
    this.schedule();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await endOf(this.running);
  }

  /**
   * Reads the keys now. One read follows the other, so that a slow one that began before a key was removed never ends
   * after it.
   *
   * @throws JwtoConfigurationError if the source fails or gives bad keys; the ring then stays as it is
   */
  reload(): Promise<void> {
    const read = this.running.then(() => this.follow());
    this.running = read.catch(() => undefined);
    return read;
  }

  private schedule(): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      void this.poll();
    }, this.interval * 1000);
    this.timer.unref();
  }

  private async poll(): Promise<void> {
    try {
      await this.reload();
      if (this.failing) this.logger.log('The keys can be read again');
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.logger.error(`The keys stay as they are, and are read again later: ${reasonOf(error)}`);
      this.failing = true;
    } finally {
      this.schedule();
    }
  }

  private async follow(): Promise<void> {
    const keys = await this.read();
    if (this.ring.replace(keys)) {
      this.logger.log(`The keys have changed: ${keys.map(({ kid }) => JSON.stringify(kid)).join(', ')}`);
    }
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof JwtoConfigurationError)) return String(error);
  if (error.problems.length === 0) return `reading them failed with ${String(error.cause)}`;
  return error.problems.map(({ setting, got, accepts }) => `${setting}: got ${got}; ${accepts}`).join('. ');
}
