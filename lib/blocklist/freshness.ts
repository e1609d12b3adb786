/**
 * How old a picture of the database is. It counts from the start of the read that made it, on the wall clock and the
 * monotonic one, the larger: a process that was stopped, and one whose clock was set back, must not take old data for
 * fresh.
 */
export class Freshness {
  private wall = Number.NEGATIVE_INFINITY;
  private monotonic = Number.NEGATIVE_INFINITY;

  /** Notes the start of a read; call the result once it has succeeded. */
  begin(): () => void {
    const [wall, monotonic] = [Date.now(), performance.now()];
    return () => {
      this.wall = Math.max(this.wall, wall);
      this.monotonic = Math.max(this.monotonic, monotonic);
    };
  }

  /** Milliseconds since the start of the last read that succeeded. */
  age(): number {
    return Math.max(Date.now() - this.wall, performance.now() - this.monotonic);
  }
}
