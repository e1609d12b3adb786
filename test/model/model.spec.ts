import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { historyOf, shrink, type Step } from './history.js';
import { startProcesses, type Processes } from './processes.js';
import { replay } from './replay.js';

const HISTORIES = Number(process.env['MODEL_HISTORIES'] ?? 1000);
/** The same histories at each run; set it, and MODEL_HISTORIES, to try others. */
const SEED = Number(process.env['MODEL_SEED'] ?? 1);

describe('sessions as the contract tells them', () => {
  let processes: Processes;
  beforeAll(async () => {
    processes = await startProcesses();
  });
  afterAll(() => processes.close());

  const failureOf = (steps: Step[]): Promise<Error | undefined> =>
    replay(steps, processes).then(
      () => undefined,
      (error: unknown) => error as Error,
    );

  it(`are those of two processes on one database, in ${String(HISTORIES)} histories from seed ${String(SEED)}`, async () => {
    for (let seed = SEED; seed < SEED + HISTORIES; seed++) {
      const steps = historyOf(seed);
      const first = await failureOf(steps);
      if (first === undefined) continue;
      const shortest = await shrink(steps, async (shorter) => (await failureOf(shorter)) !== undefined);
      // What does not fail again was a race.
      const failure = (await failureOf(shortest)) ?? first;
      expect.fail(
        `MODEL_SEED=${String(seed)} MODEL_HISTORIES=1: ${failure.message}, in\n` +
          shortest.map((step) => JSON.stringify(step)).join('\n'),
      );
    }
  });
});
