import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { WorkerProcesses } from './processes.js';
import { raceCases, raceHere } from './race-cases.js';
import { REVOCATION_CASES } from './revocation-cases.js';
import { SESSION_CASES } from './session-cases.js';
import {
  DAY,
  inWorld,
  momentAt,
  newSession,
  NOW,
  type ConformanceCase,
  type ConformanceOptions,
  type World,
} from './world.js';

export type { ConformanceCase, ConformanceOptions } from './world.js';

/** A write that was given up is looked for so long after it could go on, in milliseconds. */
const AFTERWARDS = 500;

/**
 * The conformance suite of stores: what {@link JwtoStore} and its parts promise, as cases for any test framework. Each works
 * in a realm of its own, so a store in use is not disturbed.
 *
 * @example
 * ```ts
 * import { storeConformance } from 'jwto/store-conformance';
 * import { test } from 'node:test';
 *
 * for (const { name, run } of storeConformance({ open: () => MyStore.connect(url) })) test(name, run);
 * ```
 */
export function storeConformance(options: ConformanceOptions): ConformanceCase[] {
  const { worker, hold } = options;
  const cases = {
    ...SESSION_CASES,
    ...REVOCATION_CASES,
    ...raceCases('in one process', raceHere),
    ...(hold && lateCases(hold)),
  };
  const plain = Object.entries(cases).map(([name, work]) => ({ name, run: () => inWorld(options, work) }));
  return worker === undefined ? plain : [...plain, ...inProcesses(options, worker)];
}

function inProcesses(options: ConformanceOptions, worker: URL): ConformanceCase[] {
  let processes: WorkerProcesses;
  const races = raceCases('in four processes', () => processes.race);
  return Object.entries(races).map(([name, work]) => ({
    name,
    run: async () => {
      processes = new WorkerProcesses(worker);
      try {
        await inWorld(options, work);
      } finally {
        processes.stop();
      }
    },
  }));
}

function lateCases(hold: NonNullable<ConformanceOptions['hold']>): Record<string, (world: World) => Promise<void>> {
  return {
    'a rotation that was given up never happens later': async ({ sessions, otherSessions, stores: [store] }) => {
      // A deadline is by the store's clock, which it knows once it was asked.
      await store.clock.now();
      const session = newSession();
      await sessions.insert(session);
      const goOn = await hold(session.sid);
      const rotation = sessions.rotate({
        sid: session.sid,
        currentJti: session.currentJti,
        keyRealm: null,
        moment: momentAt(NOW),
        expiresAt: NOW + DAY,
        accessUntil: NOW + DAY,
        successor: { jti: 'second.1', iat: NOW },
        limit: 1000,
      });
      await assert.rejects(rotation, { code: 'store_unavailable' });
      await goOn();
      await sleep(AFTERWARDS);
      assert.equal((await otherSessions.find(session.sid))?.currentJti, session.currentJti);
    },
  };
}
