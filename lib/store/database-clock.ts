import { Logger, type OnApplicationBootstrap, type OnModuleDestroy } from '@nestjs/common';
import type { Clock } from '../clock/clock.js';
import { Leaps } from '../clock/leaps.js';
import { MachineClocks } from '../clock/machine-clocks.js';
import { within } from '../clock/time-limit.js';
import type { Timekeeper } from '../clock/timekeeper.js';
import { StoreUnavailableError } from '../errors/store-errors.js';
import type { StoreClock } from './store-clock.js';

const WORTH_A_WARNING = 2000;
/** Requests that wait for the time are refused after so many milliseconds. */
const SETTLE_LIMIT = 2000;
/** How often a question is put again during which the machine slept, or its clock was set. */
const ATTEMPTS = 3;
/** How often the clock is corrected where no replica's poll does it more often; milliseconds. */
const INTERVAL = 60_000;

/** An answer to the question what time it is; milliseconds since the epoch. */
interface TimeAnswer {
  /** The database's time. */
  server: number;
  /** Ours, before and after. */
  asked: number;
  answered: number;
}

/** Sets a process's clock by the database's, so that all processes on one database agree what time it is. */
export class DatabaseClock implements Timekeeper, OnApplicationBootstrap, OnModuleDestroy {
  private readonly logger = new Logger('Jwto');
  private readonly machine = new MachineClocks();
  private readonly leaps = new Leaps();
  private isSet = false;
  /** How far the database's clock is ahead without being believed, in milliseconds. */
  private unbelieved = 0;
  private asking: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly server: StoreClock,
    private readonly clock: Clock,
  ) {}

  onApplicationBootstrap(): void {
    this.timer = setInterval(() => void this.synchronize().catch(() => undefined), INTERVAL);
    this.timer.unref();
  }

  onModuleDestroy(): void {
    clearInterval(this.timer);
  }

  get isSteady(): boolean {
    return !this.machine.hasSteppedSince();
  }

  async settle(): Promise<void> {
    if (!this.isSteady) await within(SETTLE_LIMIT, this.synchronize());
  }

  /** Asks the database for its time, and corrects the clock by the difference. Calls at the same time share one question. */
  synchronize(): Promise<void> {
    this.asking ??= this.ask().finally(() => (this.asking = undefined));
    return this.asking;
  }

  /**
   * Asks the database for its time, for those who delete what has ended by it.
   *
   * @returns the earliest that any clock says, in milliseconds since the epoch; `undefined` if they disagree by minutes
   * or did so within the last day
   * @throws JwtoError `store_unavailable`
   */
  async agreedTime(): Promise<number | undefined> {
    await this.synchronize();
    if (!this.leaps.isQuiet) return undefined;
    const now = this.clock.now();
    // At the start a server that is ahead for seconds is believed; this machine's clock then says less.
    return this.server.isEmbedded ? now : Math.min(now, Date.now());
  }

  private async ask(): Promise<void> {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const reading = this.machine.read();
      const asked = this.clock.now();
      // Where the database is embedded, its clock is this machine's wall clock.
      const server = this.server.isEmbedded
        ? asked + this.machine.gained(reading) + this.unbelieved
        : await this.server.now();
      const answered = this.clock.now();
      if (this.machine.hasSteppedSince(reading)) continue;
      this.learn({ server, asked, answered }, this.machine.slept(reading));
      this.machine.keep(reading);
      return;
    }
    throw new StoreUnavailableError(new Error('the clock of this machine is being set again and again'));
  }

  private learn({ server, asked, answered }: TimeAnswer, slept: number): void {
    const ahead = server - (asked + answered) / 2;
    const verdict = this.isSet ? this.leaps.judge(ahead, slept) : 'believed';
    this.isSet = true;
    this.unbelieved = verdict === 'believed' ? 0 : ahead;
    if (verdict === 'new') {
      this.logger.warn(
        `The database's clock has leapt by ${String(Math.round(ahead))} ms. It is believed if it still says so in a ` +
          'minute, and nothing is purged for a day after; let NTP set the clocks of all machines',
      );
    }
    // Less than the way there and back cannot be told from it.
    if (verdict !== 'believed' || Math.abs(ahead) <= answered - asked + 1) return;
    this.clock.correct(ahead);
    if (Math.abs(ahead) > WORTH_A_WARNING) {
      this.logger.warn(
        `The database's clock is ${String(Math.round(ahead))} ms ahead of this process; its time is used`,
      );
    }
  }
}
