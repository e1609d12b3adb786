import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Freshness } from './freshness.js';
import type { Clock } from '../clock/clock.js';
import { endOf, within } from '../clock/time-limit.js';
import { StoreUnavailableError } from '../errors/store-errors.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { DatabaseClock } from '../store/database-clock.js';
import type { WakeUp } from '../store/wake-up.js';
import type { JwtoClaims } from '../tokens/claims.js';
import { KnownRevocations } from './known-revocations.js';
import { LateRevocations, OVERLAP } from './late-revocations.js';
import { RevocationCheck } from './revocation-check.js';
import type { JwtoStore } from '../store/jwto-store.js';
import { REVOCATION_MARGIN } from './revocation-set.js';
import type { Revocation, RevocationStore } from '../store/revocation-store.js';

/** Requests that wait longer for a read are refused; milliseconds. */
const READ_LIMIT = 2000;
/** A message is followed by a poll after so many milliseconds, and a thousand messages by as few. */
const WAKE_AFTER = 10;
/** The whole is read at each poll while that takes no longer, in milliseconds. */
const CHEAP = 25;
/** So few may be cheap again. */
const FEW = 1000;

/** The parts of a {@link RevocationReplica}. */
export interface ReplicaParts {
  options: Pick<ResolvedOptions, 'pollInterval' | 'maxStaleness' | 'accessTokenLifetime' | 'leeway'>;
  store: JwtoStore;
  stored: RevocationStore;
  clock: Clock;
  databaseClock: DatabaseClock;
  wakeUp: WakeUp;
}

/**
 * `blocklistCheck: 'replica'`: guards ask a copy in memory, which follows the database by polls. This process's own
 * revocations are in it at once, others' after a poll. A copy older than `maxStaleness` is never believed: requests
 * then share one read, and are refused if it fails.
 */
export class RevocationReplica extends RevocationCheck implements OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Jwto');
  private readonly known = new KnownRevocations();
  private readonly freshness = new Freshness();
  private readonly late: LateRevocations;
  /** What was revoked before this is known; milliseconds since the epoch. */
  private reach: number | undefined;
  /** Whether it takes so little to read everything that each poll does. */
  private isCheap = true;
  private reading: Promise<void> | undefined;
  private current: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private failing = false;
  private polling = false;
  /** Whether a message has set the timer. */
  private isWoken = false;
  private wakes = 0;

  private readonly loadedAt: number;
  private readonly loadedAtMonotonic = performance.now();

  constructor(private readonly parts: ReplicaParts) {
    super();
    this.loadedAt = parts.clock.now();
    this.late = new LateRevocations(parts.stored, (work) => this.inBackground(work));
  }

  /** How many revocations it holds. */
  get size(): number {
    return this.known.size;
  }

  /** The first full read; the application is not ready before it. @throws JwtoError `store_unavailable` */
  async load(): Promise<void> {
    await this.read();
  }

  onApplicationBootstrap(): void {
    this.schedule();
    this.parts.wakeUp.listen(() => {
      this.wake();
    });
  }

  async onModuleDestroy(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.parts.wakeUp.stop();
    // A database that does not answer must not hold the shutdown up.
    await endOf(this.current);
  }

  override isRevoked(claims: JwtoClaims): boolean | Promise<boolean> {
    return this.isTooOld() ? this.knowsAfterRead(claims) : this.known.has(claims);
  }

  override note(
    revocation: Pick<Revocation, 'kind' | 'value'>,
    { until, revokedAt }: { until?: number; revokedAt?: number } = {},
  ): void {
    const { accessTokenLifetime, leeway } = this.parts.options;
    // How long another process's access tokens of the session live, the next poll tells.
    const longest = Math.max((accessTokenLifetime + leeway) * 1000, 3_600_000);
    const now = this.parts.clock.now();
    this.known.add({ ...revocation, revokedAt: revokedAt ?? now, until: until ?? now + longest });
    this.parts.wakeUp.send();
  }

  /** Polls soon; while a poll runs, once more after it. */
  private wake(): void {
    this.wakes += 1;
    // A timer that a message has set runs on: set anew by each of a stream of messages it would never end.
    if (this.polling || this.isWoken) return;
    this.isWoken = true;
    this.schedule(WAKE_AFTER);
  }

  private schedule(after = this.parts.options.pollInterval * 1000): void {
    if (this.stopped) return;
    clearTimeout(this.timer);
    this.timer = setTimeout(() => {
      this.current = this.poll();
    }, after);
    this.timer.unref();
  }

  private async poll(): Promise<void> {
    this.polling = true;
    this.isWoken = false;
    const wakes = this.wakes;
    try {
      await this.inBackground(async () => {
        // A request's may have begun before what this poll was woken for.
        await this.reading?.catch(() => undefined);
        await this.read();
      });
      if (this.failing) this.logger.log('The revocations of other processes are being followed again');
      this.failing = false;
    } catch {
      if (!this.failing) this.logger.warn('The revocations of other processes cannot be read; trying again');
      this.failing = true;
    }
    // What was read is good, whatever becomes of this.
    if (!this.failing) await this.lookAround().catch(() => undefined);
    this.polling = false;
    this.schedule(this.wakes === wakes ? undefined : WAKE_AFTER);
  }

  private async lookAround(): Promise<void> {
    await this.inBackground(() => this.parts.databaseClock.synchronize());
    if (this.isCheap) return;
    const count = await this.late.look(this.leastNow(), () => this.readAll());
    this.isCheap = count !== undefined && count <= FEW;
  }

  private isTooOld(): boolean {
    return this.freshness.age() > this.parts.options.maxStaleness * 1000;
  }

  /** The shared read may have begun long before this request: before the process was stopped, for instance. */
  private async knowsAfterRead(claims: JwtoClaims): Promise<boolean> {
    await within(READ_LIMIT, this.read());
    if (this.isTooOld()) await within(READ_LIMIT, this.read());
    if (this.isTooOld()) throw new StoreUnavailableError(new Error('the revocations cannot be read fast enough'));
    return this.known.has(claims);
  }

  /** Polls, and requests that find the copy too old, share one read: the next begins when it has ended. */
  private read(): Promise<void> {
    this.reading ??= this.readOnce().finally(() => (this.reading = undefined));
    return this.reading;
  }

  private async readOnce(): Promise<void> {
    const succeeded = this.freshness.begin();
    const [started, now] = [performance.now(), this.leastNow()];
    const isWhole = this.isCheap || this.reach === undefined;
    const since = isWhole ? undefined : (this.reach ?? 0) - OVERLAP;
    for await (const page of this.parts.stored.read(since, now - REVOCATION_MARGIN)) this.known.addAll(page);
    succeeded();
    this.reach = now;
    if (isWhole) this.isCheap = performance.now() - started <= CHEAP;
    this.known.dropEnded(now);
  }

  /** Page by page, for others wait for the connection. */
  private async readAll(): Promise<void> {
    const pages = this.parts.stored.read(undefined, this.leastNow() - REVOCATION_MARGIN);
    for (;;) {
      const page = await this.inBackground(() => pages.next());
      if (page.done === true || this.stopped) return;
      this.known.addAll(page.value);
    }
  }

  private inBackground<T>(work: () => Promise<T>): Promise<T> {
    return this.parts.store.inBackground(work);
  }

  /** A clock that is set forward and back again must not have dropped, nor passed over, anything meanwhile. */
  private leastNow(): number {
    return Math.min(this.parts.clock.now(), this.loadedAt + Math.floor(performance.now() - this.loadedAtMonotonic));
  }
}
