import { Injectable } from '@nestjs/common';

/**
 * What time it is, for every token and every row. The library corrects it by the database's clock, so that processes
 * whose clocks differ agree; provide a subclass to set the time in tests.
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
  private correction = 0;

  /** @returns milliseconds since 1970-01-01T00:00:00Z, whole */
  now(): number {
    return Date.now() + this.correction;
  }

  /** Moves this clock, for good, by the milliseconds by which the database's was found to be ahead of it. */
  correct(milliseconds: number): void {
    this.correction += Math.round(milliseconds);
  }
}

/** Milliseconds as the whole seconds of a NumericDate (RFC 7519 §2), rounded down. */
export function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}
