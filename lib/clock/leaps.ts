/** A clock that is further off than this, in milliseconds, was set, by hand or by mistake: none goes so wrong by itself. */
const LEAP = 2 * 60_000;
/** What is said of a leap must have stood for so long, in milliseconds; the database is asked once a minute at least. */
const STANDS_FOR = 50_000;
/** After a leap that was believed nothing is deleted for so long, in milliseconds. */
const QUIET = 86_400_000;

/**
 * Decides whether the database's time is believed. A clock that is days ahead for seconds (a server whose time is being
 * set, another one that takes its place) would end every sign-in, so a leap counts only once it has stood for a while.
 */
export class Leaps {
  private pending: { ahead: number; since: number } | undefined;
  private quietUntil = Number.NEGATIVE_INFINITY;

  /** Whether time has gone on evenly for so long that what has ended by it may be deleted. */
  get isQuiet(): boolean {
    return this.pending === undefined && performance.now() >= this.quietUntil;
  }

  /**
   * Judges one answer; each must be told, also one that agrees.
   *
   * @param ahead - how far it is ahead of our time, in milliseconds
   * @param slept - how long the machine slept, in which our time stood still
   * @returns `believed`; `new`: a leap that was not seen before, which is not believed yet; `pending`: the same again
   */
  judge(ahead: number, slept: number): 'believed' | 'new' | 'pending' {
    if (Math.abs(ahead) <= LEAP || Math.abs(ahead - slept) <= LEAP) {
      this.pending = undefined;
      return 'believed';
    }
    const now = performance.now();
    if (this.pending === undefined || Math.abs(ahead - this.pending.ahead) > LEAP) {
      this.pending = { ahead, since: now };
      return 'new';
    }
    if (now - this.pending.since < STANDS_FOR) return 'pending';
    this.pending = undefined;
    this.quietUntil = now + QUIET;
    return 'believed';
  }
}
