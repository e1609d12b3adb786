import { Session } from 'node:inspector/promises';

/** Which blocks of the built package have run, by V8's own counting. */
export class Coverage {
  #session;
  #seen = new Set();

  static async start() {
    const coverage = new Coverage();
    coverage.#session = new Session();
    coverage.#session.connect();
    await coverage.#session.post('Profiler.enable');
    await coverage.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
    return coverage;
  }

  /** @returns how many blocks ran for the first time since the last call, and how many have run in all */
  async take() {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    const before = this.#seen.size;
    for (const { url, functions } of result.filter((script) => script.url.includes('/dist/'))) {
      for (const { ranges } of functions) {
        for (const { startOffset, endOffset, count } of ranges) {
          if (count > 0) this.#seen.add(`${url}:${startOffset}-${endOffset}`);
        }
      }
    }
    return { fresh: this.#seen.size - before, all: this.#seen.size };
  }
}
