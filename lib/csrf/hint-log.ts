import { Logger } from '@nestjs/common';
import type { Clock } from '../clock/clock.js';

/** One line in the log for a cause in this many milliseconds: a page that is wrong sends many requests. */
const SILENCE = 10_000;

/** Where hints are logged: the developer of the page sees the answer, that of the server the log. */
export class HintLog {
  private readonly logger = new Logger('Jwto');
  private readonly told = new Map<string, number>();

  constructor(private readonly clock: Pick<Clock, 'now'>) {}

  /**
   * Logs a hint, unless one of the same cause was a moment ago.
   *
   * @param cause - what was refused, and why in a word
   */
  tell(cause: string, hint: string): void {
    const now = this.clock.now();
    const last = this.told.get(cause);
    if (last !== undefined && Math.abs(now - last) < SILENCE) return;
    this.told.set(cause, now);
    this.logger.warn(`${cause}: ${hint}`);
  }
}
