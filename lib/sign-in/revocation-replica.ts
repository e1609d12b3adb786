import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import { Freshness } from '../blocklist/freshness.js';
import { RevocationSet } from '../blocklist/revocation-set.js';
import { toSeconds, type Clock } from '../clock/clock.js';
import { StoreUnavailableError } from '../errors/store-errors.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { DatabaseClock } from '../store/database-clock.js';
import { within } from '../clock/time-limit.js';
import type { WakeUp } from '../store/wake-up.js';
import type { JwtoClaims } from '../tokens/claims.js';
import { blockedAs, RevocationCheck } from './revocation-check.js';
import type { Revocation, RevocationFeed } from './revocation-feed.js';

/** A read that takes longer is abandoned, and requests that wait for one are refused. Milliseconds. */
const READ_LIMIT = 2000;
/**
 * Each poll reads this much again, in milliseconds: a revocation is stamped before it is committed, and what commits
 * late would be skipped by a cursor. Our own statements are autocommit; this is for what is slow or comes by hand.
 */
const OVERLAP = 60_000;
/** The whole is read again this often, in milliseconds. */
const WHOLE_EVERY = 60_000;
/** A message is followed by a poll after so many milliseconds, and a thousand messages by as few. */
const WAKE_AFTER = 10;
/** The whole is read at each poll while that takes no longer, in milliseconds. */
const CHEAP = 25;

/** The parts of a {@link RevocationReplica}. */
export interface ReplicaParts {
  options: Pick<ResolvedOptions, 'pollInterval' | 'maxStaleness' | 'accessTokenLifetime' | 'leeway'>;
  feed: RevocationFeed;
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
  /** Two sets, so that a check makes no text of kind and id. */
  private readonly revoked = { session: new RevocationSet(), token: new RevocationSet() };
  private readonly freshness = new Freshness();
  /** Sign-ins up to this time are revoked; milliseconds since the epoch. */
  private allUntil = Number.NEGATIVE_INFINITY;
  private nextWhole = 0;
  private catchUp: Promise<void> | undefined;
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
  }

  /** How many revocations it holds. */
  get size(): number {
    return this.revoked.session.size + this.revoked.token.size;
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
    // A database that does not answer must not hold the shutdown up: a poll is given up after its own limit.
    await this.current;
  }

  override isRevoked(claims: JwtoClaims): boolean | Promise<boolean> {
    return this.isTooOld() ? this.knowsAfterRead(claims) : this.knows(claims);
  }

  override note(
    revocation: Pick<Revocation, 'kind' | 'value'>,
    { until, revokedAt }: { until?: number; revokedAt?: number } = {},
  ): void {
    const { accessTokenLifetime, leeway } = this.parts.options;
    // How long another process's access tokens of the session live, the next poll tells.
    const longest = Math.max((accessTokenLifetime + leeway) * 1000, 3_600_000);
    const now = this.parts.clock.now();
    this.take({ ...revocation, revokedAt: revokedAt ?? now, until: until ?? now + longest });
    this.parts.wakeUp.send();
  }

  private knows(claims: JwtoClaims): boolean {
    const { sid, jti, auth_time } = claims;
    const { session, token } = this.revoked;
    if (session.size > 0 && session.has(sid)) return true;
    if (token.size > 0 && jti !== undefined && token.has(blockedAs(claims, jti))) return true;
    // Sign-ins of the very second are ended one by one: the claim does not tell which of them came before.
    return this.allUntil > 0 && (auth_time ?? 0) < toSeconds(this.allUntil);
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
      await within(READ_LIMIT, this.read());
      if (this.failing) this.logger.log('The revocations of other processes are being followed again');
      this.failing = false;
    } catch {
      if (!this.failing) this.logger.warn('The revocations of other processes cannot be read; trying again');
      this.failing = true;
    } finally {
      this.polling = false;
      this.schedule(this.wakes === wakes ? undefined : WAKE_AFTER);
    }
  }

  private isTooOld(): boolean {
    return this.freshness.age() > this.parts.options.maxStaleness * 1000;
  }

  /** The shared read may have begun long before this request: before the process was stopped, for instance. */
  private async knowsAfterRead(claims: JwtoClaims): Promise<boolean> {
    await this.catchUpOnce();
    if (this.isTooOld()) await this.catchUpOnce();
    if (this.isTooOld()) throw new StoreUnavailableError(new Error('the revocations cannot be read fast enough'));
    return this.knows(claims);
  }

  /** Requests that find the copy too old share one read. */
  private catchUpOnce(): Promise<void> {
    this.catchUp ??= within(READ_LIMIT, this.read()).finally(() => (this.catchUp = undefined));
    return this.catchUp;
  }

  private async read(): Promise<void> {
    const { clock, feed, databaseClock } = this.parts;
    const succeeded = this.freshness.begin();
    const started = performance.now();
    const now = clock.now();
    const whole = started >= this.nextWhole;
    for (const revocation of await feed.read(whole ? 0 : now - OVERLAP, now)) this.take(revocation);
    succeeded();
    if (whole) this.nextWhole = performance.now() - started <= CHEAP ? 0 : performance.now() + WHOLE_EVERY;
    const ended = Math.min(now, this.leastNow());
    this.revoked.session.dropEnded(ended);
    this.revoked.token.dropEnded(ended);
    // Not awaited: what was read is good, whatever the clock says.
    databaseClock.synchronize().catch(() => undefined);
  }

  /** A clock that is set forward and back again must not have dropped anything meanwhile. */
  private leastNow(): number {
    return this.loadedAt + performance.now() - this.loadedAtMonotonic;
  }

  private take({ kind, value, revokedAt, until }: Revocation): void {
    if (kind === 'all') this.allUntil = Math.max(this.allUntil, revokedAt);
    else this.revoked[kind].add(value, until);
  }
}
