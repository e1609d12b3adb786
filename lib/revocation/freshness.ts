import { APART } from '../clock/machine-clocks.js';

/**
 * How old a picture of the database is. It counts from the start of the read that made it, on the wall clock and the
 * monotonic one, the larger: a process that was stopped, and a machine that slept, must not take old data for fresh.
 */
export class Freshness {
  private wall = Number.NEGATIVE_INFINITY;
  private monotonic = Number.NEGATIVE_INFINITY;

  /** Notes the start of a read; call the result once it has succeeded. */
  begin(): () => void {
    const [wall, monotonic] = [Date.now(), performance.now()];
    return () => {
      if (monotonic > this.monotonic) [this.wall, this.monotonic] = [wall, monotonic];
    };
  }

  /** Milliseconds since the start of the last read that succeeded; infinite where no clock tells. */
  age(): number {
    const [wall, monotonic] = [Date.now() - this.wall, performance.now() - this.monotonic];
    // The wall clock was set back: by it nothing grows old, and the monotonic one does not count sleep.
    return wall < monotonic - APART ? Number.POSITIVE_INFINITY : Math.max(wall, monotonic);
  }
}
