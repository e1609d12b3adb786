import os from 'node:os';
import type { DataSource } from 'typeorm';
import { vi } from 'vitest';
import type { TestApp } from './test-app.js';

/** The clocks of the machine that the tests run on; `vi.restoreAllMocks()` sets them right again. */
export interface Machine {
  /** Sets the wall clock these milliseconds ahead of the real time. */
  set(ahead: number): void;
  /** All clocks go on at once. */
  pass(milliseconds: number): void;
  /** The machine sleeps: all clocks go on but the monotonic one. */
  sleep(milliseconds: number): void;
  /** Sets the clock of a database's server these milliseconds ahead of the real time; SQLite has none. */
  setServer(dataSource: DataSource, ahead: number): void;
}

/** Takes the clocks of the machine into the test's hands. */
export function takeMachine(): Machine {
  const [wallClock, monotonicClock, uptime] = [Date.now.bind(Date), performance.now.bind(performance), os.uptime];
  let [wall, passed, slept] = [0, 0, 0];
  vi.spyOn(Date, 'now').mockImplementation(() => wallClock() + wall + passed + slept);
  vi.spyOn(performance, 'now').mockImplementation(() => monotonicClock() + passed);
  vi.spyOn(os, 'uptime').mockImplementation(() => uptime() + (passed + slept) / 1000);
  return {
    set: (ahead) => (wall = ahead),
    pass: (milliseconds) => (passed += milliseconds),
    sleep: (milliseconds) => (slept += milliseconds),
    setServer: (dataSource, ahead) => {
      answerTime(dataSource, () => wallClock() + ahead + passed + slept);
    },
  };
}

/** What the servers of PostgreSQL and MariaDB are asked for. */
export const ASKS_THE_TIME = /^SELECT .* AS now$/;

/** Lets a database's server tell another time; milliseconds since the epoch. */
export function answerTime(dataSource: DataSource, time: () => number): void {
  const create = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (mode) => {
    const runner = create(mode);
    const query = runner.query.bind(runner) as (...args: [string, ...unknown[]]) => Promise<unknown>;
    runner.query = (async (...args: [string, ...unknown[]]) =>
      ASKS_THE_TIME.test(args[0]) ? [{ now: String(time()) }] : query(...args)) as typeof runner.query;
    return runner;
  };
}

/**
 * Lets the machine and the database's server, where there is one, agree with the clock of an application;
 * `vi.restoreAllMocks()` sets the machine's right again.
 */
export function followClock({ dataSource, clock }: Pick<TestApp, 'dataSource' | 'clock'>): void {
  if (dataSource.options.type === 'better-sqlite3') return;
  vi.spyOn(Date, 'now').mockImplementation(() => clock.now());
  answerTime(dataSource, () => clock.now());
}
