import { createHash } from 'node:crypto';
import { JwtoSession } from 'jwto';
import { describe, expect, it } from 'vitest';
import { refreshJti, standingOf, type PresentedToken, type Standing } from '../../lib/sessions/standing.js';

const NOW = 1_800_000_000_000;
const GRACE = 10_000;
const MOMENT = { now: NOW, aliveAt: NOW, usedAfter: Number.MIN_SAFE_INTEGER, notSince: NOW - GRACE };

const never = refreshJti('never', 0);
const previous = refreshJti('previous', 2);
const current = refreshJti('current', 3);
const presented: PresentedToken = { jti: current, userId: '1', keyRealm: null };

/** A session that rotated three times, the last time an hour ago. */
function session(differing: Partial<JwtoSession> = {}): JwtoSession {
  return Object.assign(new JwtoSession(), {
    ...{
      sid: 'sid',
      realm: 'default',
      userId: '1',
      mode: 'JSON',
      stamp: null,
      keyRealm: null,
      currentIat: NOW,
      generation: 3,
    },
    ...{ currentJti: current, previousJti: previous, rotatedAt: NOW - 3_600_000, lastUsedAt: NOW - 3_600_000 },
    ...{ signedInAt: NOW - 7_200_000, expiresAt: NOW + 60_000, endsAt: NOW + 120_000, accessUntil: NOW + 60_000 },
    ...{ revokedAt: null, revokedReason: null, refreshLifetime: 86_400_000, userAgent: null, ip: null },
    ...differing,
  });
}

const fresh: Partial<JwtoSession> = { currentJti: never, previousJti: null, rotatedAt: null, generation: 0 };
const rotated = (ago: number): Partial<JwtoSession> => ({ rotatedAt: NOW - ago });

describe('a refresh token and its session', () => {
  it.each<[string, string, Partial<JwtoSession>, Standing]>([
    ['the first one, which nothing has replaced', never, fresh, 'current'],
    ['the current one, of a session that rotated long ago', current, {}, 'current'],
    ['the current one at the very end of the grace', current, rotated(GRACE), 'current'],
    ['the current one a millisecond before that', current, rotated(GRACE - 1), 'replayed'],
    ['the current one in the millisecond of its rotation', current, rotated(0), 'replayed'],
    ['the current one of a rotation that the clock has yet to come to', current, rotated(-5000), 'replayed'],
    ['the replaced one inside the grace', previous, rotated(1), 'replayed'],
    ['the replaced one a millisecond before the end of the grace', previous, rotated(GRACE - 1), 'replayed'],
    ['the replaced one at the very end of the grace', previous, rotated(GRACE), 'reused'],
    ['the replaced one long after', previous, {}, 'reused'],
    ['one whose successor is replaced, inside the grace', refreshJti('older', 1), rotated(1), 'reused'],
    ['the first one after three rotations', never, {}, 'reused'],
    ['a strange one of the row’s own generation', refreshJti('strange', 3), {}, 'reused'],
    ['one without a generation', 'imported', {}, 'reused'],
    ['one whose generation is no number', 'imported.x', {}, 'reused'],
    ['one of a later generation than the row', refreshJti('lost', 4), {}, 'ahead'],
    ['one of a later generation, inside the grace', refreshJti('lost', 4), rotated(1), 'ahead'],
    ['one of a later generation than a session that never rotated', refreshJti('lost', 1), fresh, 'ahead'],
    ['one that differs from the current one in its case', current.toUpperCase(), {}, 'reused'],
  ])('%s', (_what, jti, row, standing) => {
    expect(standingOf(session(row), { ...presented, jti }, MOMENT)).toBe(standing);
  });
});

describe('an ended session', () => {
  const ends: [string, Partial<JwtoSession>, Standing][] = [
    ['at the very end of its token', { expiresAt: NOW }, 'expired'],
    ['a millisecond before that', { expiresAt: NOW + 1 }, 'current'],
    ['at its absolute end', { endsAt: NOW }, 'expired'],
    ['a millisecond before its absolute end', { endsAt: NOW + 1 }, 'current'],
    ['revoked now', { revokedAt: NOW }, 'revoked'],
    ['revoked by a process whose clock is ahead', { revokedAt: NOW + 12_000 }, 'revoked'],
    ['revoked at the very beginning of time', { revokedAt: 0 }, 'revoked'],
    ['revoked and over', { revokedAt: NOW, expiresAt: NOW - 1 }, 'revoked'],
    ['revoked inside the grace', { revokedAt: NOW, ...rotated(1) }, 'revoked'],
    ['over inside the grace', { expiresAt: NOW, ...rotated(1) }, 'expired'],
    ['of somebody else', { userId: '2' }, 'revoked'],
  ];
  it.each(ends)('%s', (_what, row, standing) => {
    expect(standingOf(session(row), presented, MOMENT)).toBe(standing);
  });

  it.each<[string, string]>([
    ['a replaced token', previous],
    ['a token of a restored backup’s future', refreshJti('lost', 9)],
  ])('is over or revoked also for %s: nothing is told of reuse', (_what, jti) => {
    expect(standingOf(session({ expiresAt: NOW }), { ...presented, jti }, MOMENT)).toBe('expired');
    expect(standingOf(session({ revokedAt: NOW }), { ...presented, jti }, MOMENT)).toBe('revoked');
  });

  it('that is not there is as a revoked one', () => {
    expect(standingOf(null, presented, MOMENT)).toBe('revoked');
  });

  it('is over when it was not used for the idle lifetime', () => {
    const usedAfter = NOW - 1_800_000;
    const used = (lastUsedAt: number) => standingOf(session({ lastUsedAt }), presented, { ...MOMENT, usedAfter });
    expect([used(usedAfter), used(usedAfter + 1)]).toEqual(['expired', 'current']);
  });

  it('lives on within the leeway', () => {
    const at = (expiresAt: number) =>
      standingOf(session({ expiresAt }), presented, { ...MOMENT, aliveAt: NOW - 30_000 });
    expect([at(NOW - 29_999), at(NOW - 30_000)]).toEqual(['current', 'expired']);
  });
});

describe('the settings at their ends', () => {
  it('rotate at each refresh without a grace, and take each replaced token for reuse', () => {
    const moment = { ...MOMENT, notSince: NOW };
    expect(standingOf(session(rotated(0)), presented, moment)).toBe('current');
    expect(standingOf(session(rotated(0)), { ...presented, jti: previous }, moment)).toBe('reused');
  });

  it('compare ids as the tables hold them, also those that are too long for a column', () => {
    const userId = 'u'.repeat(300);
    const stored = `sha256:${createHash('sha256').update(userId, 'utf16le').digest('base64url')}`;
    expect(standingOf(session({ userId: stored }), { ...presented, userId }, MOMENT)).toBe('current');
    expect(standingOf(session({ userId: stored }), { ...presented, userId: `${userId}u` }, MOMENT)).toBe('revoked');
  });
});
