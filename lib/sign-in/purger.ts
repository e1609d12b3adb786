import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { JwtoBlocklistEntry } from '../blocklist/blocklist-entry.entity.js';
import type { Clock } from '../clock/clock.js';
import { JwtoSession } from '../sessions/session.entity.js';
import type { PrimaryStore } from '../store/primary-store.js';
import { purgeRows } from '../store/purge.js';

/** Rows stay this long, in milliseconds, after what they protect from has ended. */
const MARGIN = 5 * 60_000;
const INTERVAL = 10 * 60_000;

/** How many rows were deleted. */
export interface PurgeResult {
  sessions: number;
  blocklist: number;
}

/** Deletes what protects nothing any more, by a timer while the application runs. */
export class Purger implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Jwto');
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<PurgeResult> | undefined;
  private stopped = false;

  constructor(
    private readonly store: PrimaryStore,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    // Processes that start together must not purge together.
    this.timer = setInterval(() => void this.purge().catch(() => undefined), INTERVAL * (0.9 + Math.random() * 0.2));
    this.timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await this.running?.catch(() => undefined);
  }

  /** Deletes now; calls at the same time share one run. */
  purge(): Promise<PurgeResult> {
    this.running ??= this.run().finally(() => (this.running = undefined));
    return this.running;
  }

  private async run(): Promise<PurgeResult> {
    const before = this.clock.now() - MARGIN;
    const isStopped = (): boolean => this.stopped;
    const ended = 'expires_at < :before AND access_until < :before';
    const sessions = await purgeRows(this.store, JwtoSession, ended, { before }, isStopped);
    const blocklist = await purgeRows(this.store, JwtoBlocklistEntry, 'expires_at < :before', { before }, isStopped);
    if (sessions + blocklist > 0)
      this.logger.debug(`Purged ${String(sessions)} sessions and ${String(blocklist)} blocklist entries`);
    return { sessions, blocklist };
  }
}
