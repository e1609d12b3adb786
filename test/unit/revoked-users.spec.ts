import { describe, expect, it } from 'vitest';
import { RevokedUsers } from '../../lib/revocation/revoked-users.js';
import { storedId } from '../../lib/store/stored-id.js';

const NOW = 1_800_000_012_345;
const SECOND = 1_800_000_012;

describe('the users whose sign-ins were revoked', () => {
  it.each(['7', 'alice@example.com', 'x'.repeat(192), 'a\0b', 'a\ud800b'])(
    'have sign-ins of before, and none of the very second or later: %j',
    (id) => {
      const [told, read] = [new RevokedUsers(), new RevokedUsers()];
      told.add(id, SECOND, NOW + 60_000);
      read.add(storedId(id), SECOND, NOW + 60_000);
      for (const users of [told, read]) {
        expect([0, SECOND - 1, SECOND, SECOND + 1].map((at) => users.has(id, at))).toEqual([true, true, false, false]);
        expect([users.has(`${id}x`, 0), users.size]).toEqual([false, 1]);
      }
    },
  );

  it('keep the later of two moments, in whichever order they come', () => {
    for (const moments of [
      [SECOND, SECOND + 60],
      [SECOND + 60, SECOND],
    ]) {
      const users = new RevokedUsers();
      for (const moment of moments) users.add('7', moment, NOW + 600_000);
      expect([users.has('7', SECOND + 59), users.has('7', SECOND + 60)]).toEqual([true, false]);
    }
  });

  it('are dropped when all of their sign-ins have ended', () => {
    const users = new RevokedUsers();
    users.add('7', SECOND, NOW + 60_000);
    users.add('8', SECOND, NOW + 6_000_000);
    users.dropEnded(NOW + 600_000);
    expect([users.size, users.has('7', 0), users.has('8', 0)]).toEqual([1, false, true]);
  });
});
