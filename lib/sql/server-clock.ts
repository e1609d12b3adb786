/** A measurement of the server's clock. */
interface Sample {
  /** What the server's clock is ahead of this process's monotonic one, in milliseconds. */
  readonly ahead: number;
  /** By so much it may be wrong. */
  readonly doubt: number;
}

/**
 * What the database server's own clock says, by this process's monotonic one: for deadlines that the server keeps. It
 * does not follow `Clock`, which an application may set.
 */
export class ServerClock {
  private sample: Sample | undefined;

  /**
   * Takes an answer of the server; one that was long on its way does not replace a better one that it agrees with.
   *
   * @param server - milliseconds since the epoch
   * @param asked - `performance.now()` before the question
   * @param answered - `performance.now()` after the answer
   */
  learn(server: number, asked: number, answered: number): void {
    const ahead = server - (asked + answered) / 2;
    const doubt = (answered - asked) / 2;
    const known = this.sample;
    if (known === undefined || doubt <= known.doubt || Math.abs(ahead - known.ahead) > doubt + known.doubt) {
      this.sample = { ahead, doubt };
    }
  }

  /** The server's clock was set: what is known of it is wrong. */
  forget(): void {
    this.sample = undefined;
  }

  /** @returns milliseconds since the epoch; `undefined` before the first answer, and on an embedded database */
  now(): number | undefined {
    return this.sample && performance.now() + this.sample.ahead;
  }
}
