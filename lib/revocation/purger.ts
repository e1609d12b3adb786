import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { JwtoStore } from '../store/jwto-store.js';
import type { RevocationStore } from '../store/revocation-store.js';
import type { SessionStore } from '../store/session-store.js';
import type { Clock } from '../clock/clock.js';
import { endOf } from '../clock/time-limit.js';
import type { DatabaseClock } from '../store/database-clock.js';

/** Rows stay this long, in milliseconds, after both tokens of a session, or what is blocked, have ended: clocks go wrong. */
const MARGIN = 86_400_000;
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
    private readonly store: Pick<JwtoStore, 'close'>,
    private readonly clock: Clock,
    private readonly databaseClock: DatabaseClock,
    private readonly storedSessions: SessionStore,
    private readonly revocations: RevocationStore,
  ) {}

  onApplicationBootstrap(): void {
    // Processes that start together must not purge together.
    this.timer = setInterval(() => void this.takeTurn().catch(() => undefined), INTERVAL * (0.9 + Math.random() * 0.2));
    this.timer.unref();
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearInterval(this.timer);
    await Promise.all([this.store.close(), endOf(this.running)]);
  }

  /** Of all processes on the database one purges in an interval. */
  private async takeTurn(): Promise<void> {
    if ((await this.databaseClock.agreedTime()) === undefined) return;
    const now = this.clock.now();
    if (await this.revocations.lease('purge', now, now + INTERVAL / 2)) await this.purge();
  }

  /** Deletes now; calls at the same time share one run. */
  purge(): Promise<PurgeResult> {
    this.running ??= this.run().finally(() => (this.running = undefined));
    return this.running;
  }

  private async run(): Promise<PurgeResult> {
    const now = await this.databaseClock.agreedTime();
    if (now === undefined) {
      this.logger.warn(
        'Nothing was purged: the clocks of the database and of this process disagree, or did so within the last day. ' +
          'Let NTP set both; the purge then goes on by itself',
      );
      return { sessions: 0, blocklist: 0 };
    }
    const before = now - MARGIN;
    const isStopped = (): boolean => this.stopped;
    const sessions = await this.storedSessions.purge(before, isStopped);
    const blocklist = await this.revocations.purge(before, isStopped);
    if (sessions + blocklist > 0)
      this.logger.debug(`Purged ${String(sessions)} sessions and ${String(blocklist)} blocklist entries`);
    return { sessions, blocklist };
  }
}
