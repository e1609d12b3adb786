import { describe, expect, it } from 'vitest';
import { RevocationSet } from '../../lib/revocation/revocation-set.js';
import { storedId } from '../../lib/store/stored-id.js';

const MINUTE = 60_000;
const MARGIN = 5 * MINUTE;
/** No whole minute, so that buckets and times do not fall together. */
const NOW = 1_800_000_012_345;

describe('the set of what was revoked', () => {
  it('has what was added and nothing else', () => {
    const set = new RevocationSet();
    expect([set.size, set.has('session a')]).toEqual([0, false]);
    set.add('session a', NOW + MINUTE);
    set.add('token a', NOW + MINUTE);
    expect(['session a', 'token a', 'session b', 'a', ''].map((key) => set.has(key))).toEqual([
      true,
      true,
      false,
      false,
      false,
    ]);
    expect(set.size).toBe(2);
  });

  it.each([
    ['too long for a table', 'x'.repeat(192)],
    ['a NUL', 'a\0b'],
    ['half a surrogate pair', 'a\ud800b'],
  ])('has an id that a table holds by its hash, however it was told of: %s', (_what, id) => {
    const [told, read] = [new RevocationSet(), new RevocationSet()];
    told.add(id, NOW + MINUTE);
    read.add(storedId(id), NOW + MINUTE);
    for (const set of [told, read]) {
      expect([id, `${id}x`, 'a', 'b'].map((one) => set.has(one))).toEqual([true, false, false, false]);
      set.add('b', NOW + MINUTE);
      expect([id, 'b'].map((one) => set.has(one))).toEqual([true, true]);
      expect(set.size).toBe(2);
    }
  });

  it('counts once what is added at every poll', () => {
    const set = new RevocationSet();
    for (let poll = 0; poll < 1000; poll++) set.add('session a', NOW + MINUTE);
    expect(set.size).toBe(1);
    set.dropEnded(NOW + MINUTE + MARGIN + MINUTE);
    expect(set.size).toBe(0);
  });

  it.each([0, 1, 59_999, 60_000, 60_001, 123_456])(
    'keeps what ends in %d ms for five minutes more, and drops it at most a minute later',
    (left) => {
      const set = new RevocationSet();
      set.add('session a', NOW + left);
      set.dropEnded(NOW + left + MARGIN - 1);
      expect(set.has('session a')).toBe(true);
      set.dropEnded(NOW + left + MARGIN + MINUTE);
      expect([set.has('session a'), set.size]).toEqual([false, 0]);
    },
  );

  it('keeps the later of two ends, in whichever order they come', () => {
    for (const ends of [
      [MINUTE, 60 * MINUTE],
      [60 * MINUTE, MINUTE],
    ]) {
      const set = new RevocationSet();
      for (const end of ends) set.add('session a', NOW + end);
      set.dropEnded(NOW + 30 * MINUTE);
      expect([set.has('session a'), set.size]).toEqual([true, 1]);
      set.dropEnded(NOW + 60 * MINUTE + MARGIN - 1);
      expect(set.has('session a')).toBe(true);
      set.dropEnded(NOW + 60 * MINUTE + MARGIN + MINUTE);
      expect(set.size).toBe(0);
    }
  });

  it('drops what has ended and leaves the rest, also after a long pause', () => {
    const set = new RevocationSet();
    for (let minute = 0; minute < 120; minute++) set.add(`session ${String(minute)}`, NOW + minute * MINUTE);
    set.dropEnded(NOW + 60 * MINUTE);
    const kept = Array.from({ length: 120 }, (_, minute) => set.has(`session ${String(minute)}`));
    // 55 to 60 are in their five minutes; one more may wait for its bucket.
    expect(kept.slice(56).every(Boolean)).toBe(true);
    expect(kept.slice(0, 54).some(Boolean)).toBe(false);
    expect(set.size).toBe(kept.filter(Boolean).length);
  });

  it('drops very many that end at once little by little', () => {
    const set = new RevocationSet();
    for (let count = 0; count < 25_000; count++) set.add(`session ${String(count)}`, NOW);
    set.add('session that goes on', NOW + 60 * MINUTE);
    const sizes = [1, 2, 3, 4].map(() => {
      set.dropEnded(NOW + MARGIN + MINUTE);
      return set.size;
    });
    expect(sizes).toEqual([15_001, 5001, 1, 1]);
    expect(set.has('session that goes on')).toBe(true);
  });

  it('takes again what it has dropped', () => {
    const set = new RevocationSet();
    set.add('session a', NOW);
    set.dropEnded(NOW + MARGIN + MINUTE);
    set.add('session a', NOW + 60 * MINUTE);
    expect(set.has('session a')).toBe(true);
    set.dropEnded(NOW + MARGIN + 2 * MINUTE);
    expect(set.has('session a')).toBe(true);
  });

  it('drops nothing when the clock is set back', () => {
    const set = new RevocationSet();
    set.add('session a', NOW + MINUTE);
    set.dropEnded(NOW - 86_400_000);
    expect(set.has('session a')).toBe(true);
  });
});
