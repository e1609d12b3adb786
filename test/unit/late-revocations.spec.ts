import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { LateRevocations } from '../../lib/revocation/late-revocations.js';

const MINUTE = 60_000;
const NOW = 1_800_000_000_000;

describe('what polls for the latest have passed over', () => {
  /** When the revocations of the database were made; each is in force for an hour. */
  let revoked: number[];
  let late: LateRevocations;
  const readAll = vi.fn<() => Promise<void>>();
  const look = (minutes: number) => late.look(NOW + minutes * MINUTE, readAll);
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['performance'] });
    // The monotonic clock of a process that has run for a while.
    vi.advanceTimersByTime(MINUTE);
    readAll.mockReset().mockResolvedValue();
    revoked = [NOW - MINUTE, NOW - MINUTE, NOW - 2000];
    const count = (before: number, endsAfter: number): Promise<number> =>
      Promise.resolve(revoked.filter((at) => at < before && at + 60 * MINUTE > endsAfter).length);
    late = new LateRevocations({ count }, (work) => work());
  });
  afterEach(() => vi.useRealTimers());

  it('is looked for once a minute, and nothing is read where nothing was', async () => {
    expect([await look(0), await look(0), await look(0.9)]).toEqual([2, undefined, undefined]);
    for (let minute = 1; minute < 5; minute++) {
      vi.advanceTimersByTime(MINUTE);
      // What is revoked in time is read by the polls.
      revoked.push(NOW + minute * MINUTE - 1000);
      expect(await look(minute)).toBe(2 + minute);
    }
    expect(readAll).not.toHaveBeenCalled();
  });

  it('is seen by its number, and read until that succeeds', async () => {
    await look(0);
    // Committed long after its stamp.
    revoked.push(NOW - MINUTE);
    readAll.mockRejectedValueOnce(new Error('the database is gone'));
    vi.advanceTimersByTime(MINUTE);
    await expect(look(1)).rejects.toThrow('gone');
    expect(await look(1)).toBeUndefined();
    vi.advanceTimersByTime(MINUTE);
    await look(2);
    vi.advanceTimersByTime(MINUTE);
    await look(3);
    expect(readAll).toHaveBeenCalledTimes(2);
  });
});
