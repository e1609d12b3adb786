import { Injectable } from '@nestjs/common';

/**
 * What time it is, for every token and every row. It runs by the monotonic clock, so that nobody who sets the machine's
 * clock moves it, and the library corrects it by the database's, so that processes agree; provide a subclass to set the
 * time in tests.
 *
 * @example
 * ```ts
 * class TestClock extends Clock {
 *   time = Date.UTC(2026, 0, 1);
 *   override now() { return this.time; }
 *   override correct() {}
 * }
 * Test.createTestingModule({ imports: [AppModule] }).overrideProvider(Clock).useClass(TestClock);
 * ```
 */
@Injectable()
export class Clock {
  /** When the monotonic clock stood at 0. */
  private start = Date.now() - performance.now();

  /** @returns milliseconds since 1970-01-01T00:00:00Z, whole */
  now(): number {
    return Math.floor(this.start + performance.now());
  }

  /** Moves this clock, for good, by the milliseconds by which the database's was found to be ahead of it. */
  correct(milliseconds: number): void {
    this.start += milliseconds;
  }
}

/** Milliseconds as the whole seconds of a NumericDate (RFC 7519 §2), rounded down. */
export function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
