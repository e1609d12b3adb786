import { Clock } from 'jwto';

/** A clock that stands until it is set; it starts at the real time, so that a database's own clock agrees. */
export class TestClock extends Clock {
  time = Date.now();

  override now(): number {
    return this.time;
  }

  override correct(): void {
    // The tests say what time it is.
  }

  /** @param seconds - how far to move on */
  advance(seconds: number): void {
    this.time += seconds * 1000;
  }
}
