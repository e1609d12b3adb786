import assert from 'node:assert/strict';
import type { NewSession, Session, SessionRotation } from '../store/session.js';
import { DAY, momentAt, newSession, NOW, type World } from './world.js';

type Cases = Readonly<Record<string, (world: World) => Promise<void>>>;

const LATER = NOW + 60_000;

function rotationOf(session: NewSession, more: Partial<SessionRotation> = {}): SessionRotation {
  return {
    sid: session.sid,
    currentJti: session.currentJti,
    keyRealm: session.keyRealm,
    moment: momentAt(LATER),
    expiresAt: session.expiresAt,
    accessUntil: LATER + 300_000,
    successor: { jti: 'second.1', iat: LATER },
    ...more,
  };
}

async function inserted({ sessions }: World, more: Partial<NewSession> = {}): Promise<NewSession> {
  const session = newSession(more);
  await sessions.insert(session);
  return session;
}

async function sidsOf(found: Promise<readonly Pick<Session, 'sid'>[]>): Promise<string[]> {
  return (await found).map(({ sid }) => sid).sort();
}

/** What `SessionStore` promises of single calls. */
export const SESSION_CASES: Cases = {
  'a session is found as it was inserted, through any connection': async (world) => {
    const session = await inserted(world, { stamp: 'stamp', keyRealm: 'tenant', ip: null });
    const rest = { previousJti: null, rotatedAt: null, generation: 0, revokedAt: null, revokedReason: null };
    assert.deepEqual({ ...(await world.otherSessions.find(session.sid)) }, { ...session, ...rest, realm: world.realm });
    assert.equal(await world.sessions.find('nobody'), null);
  },

  'another module instance does not see it': async ({ stores: [store], ...world }) => {
    const { sid } = await inserted({ stores: [store, store], ...world });
    const elsewhere = store.sessions(`${world.realm}-other`);
    assert.equal(await elsewhere.find(sid), null);
    assert.equal(await elsewhere.revoke(sid, 'revoked', LATER), false);
    assert.deepEqual(await elsewhere.findLive('alice', NOW, 0), []);
  },

  'ids compare byte by byte': async (world) => {
    const users = ['alice', 'Alice', 'alice ', 'alicé', 'a'.repeat(400), 'a\0b'];
    for (const userId of users) await inserted(world, { userId });
    for (const userId of users) assert.equal((await world.sessions.findLive(userId, NOW, 0)).length, 1, userId);
    assert.deepEqual(await world.sessions.findLive('ALICE', NOW, 0), []);
  },

  'an id that is no text, or empty, is a TypeError before the store is asked': async ({ sessions }) => {
    for (const id of ['', undefined, null, 5] as string[]) {
      await assert.rejects(async () => sessions.find(id), TypeError);
      await assert.rejects(async () => sessions.revoke(id, 'revoked', NOW), TypeError);
      await assert.rejects(async () => sessions.findLive(id, NOW, 0), TypeError);
    }
  },

  'a rotation replaces the token, once': async (world) => {
    const session = await inserted(world);
    assert.equal(await world.sessions.rotate(rotationOf(session)), true);
    assert.equal(await world.otherSessions.rotate(rotationOf(session)), false);
    const found = await world.otherSessions.find(session.sid);
    assert.equal(found?.currentJti, 'second.1');
    assert.equal(found.previousJti, 'first.0');
    assert.deepEqual([found.currentIat, found.rotatedAt, found.lastUsedAt], [LATER, LATER, LATER]);
    assert.deepEqual([found.generation, found.accessUntil], [1, LATER + 300_000]);
  },

  'a rotation needs the current token of a session that lives, and no rotation inside the grace': async (world) => {
    const { sessions } = world;
    const session = await inserted(world);
    const refused: Partial<SessionRotation>[] = [
      { currentJti: 'another.0' },
      { moment: momentAt(LATER, { aliveAt: session.expiresAt }) },
      { moment: momentAt(LATER, { aliveAt: session.endsAt }) },
      { moment: momentAt(LATER, { usedAfter: session.lastUsedAt }) },
    ];
    for (const more of refused)
      assert.equal(await sessions.rotate(rotationOf(session, more)), false, JSON.stringify(more));
    assert.equal(await sessions.rotate(rotationOf(session)), true);
    const next = { currentJti: 'second.1', successor: { jti: 'third.2', iat: LATER } };
    assert.equal(await sessions.rotate(rotationOf(session, { ...next, moment: momentAt(LATER + 9999) })), false);
    assert.equal(await sessions.rotate(rotationOf(session, { ...next, moment: momentAt(LATER + 10_000) })), true);
    assert.equal((await sessions.find(session.sid))?.generation, 2);
  },

  'neither a rotation nor an extension takes an end back': async (world) => {
    const session = await inserted(world, { accessUntil: NOW + DAY });
    const earlier = { expiresAt: NOW + 1000, accessUntil: NOW + 1000 };
    assert.equal(await world.sessions.extend(rotationOf(session, earlier)), true);
    assert.equal(await world.sessions.rotate(rotationOf(session, earlier)), true);
    const found = await world.sessions.find(session.sid);
    assert.deepEqual([found?.expiresAt, found?.accessUntil], [NOW + DAY, NOW + DAY]);
  },

  'an extension moves the ends, and keeps the token': async (world) => {
    const session = await inserted(world);
    const extension = rotationOf(session, { expiresAt: NOW + 2 * DAY, keyRealm: 'tenant' });
    assert.equal(await world.sessions.extend(extension), true);
    const found = await world.otherSessions.find(session.sid);
    assert.deepEqual([found?.currentJti, found?.generation, found?.rotatedAt], ['first.0', 0, null]);
    assert.deepEqual(
      [found?.expiresAt, found?.accessUntil, found?.keyRealm],
      [NOW + 2 * DAY, LATER + 300_000, 'tenant'],
    );
    assert.equal(await world.sessions.extend({ ...extension, currentJti: 'another.0' }), false);
  },

  'a rotation that nobody got is taken back': async (world) => {
    const session = await inserted(world);
    const before = await world.sessions.find(session.sid);
    assert.ok(before);
    await world.sessions.rotate(rotationOf(session));
    await world.otherSessions.takeBack({ before, successor: 'second.1', writtenAt: LATER });
    const found = await world.sessions.find(session.sid);
    assert.deepEqual([found?.currentJti, found?.previousJti, found?.rotatedAt], ['first.0', null, null]);
    assert.equal(found?.generation, 0);
  },

  'a rotation whose successor was used since, or whose session was revoked, is not taken back': async (world) => {
    const { sessions } = world;
    const changes: ((session: NewSession) => Promise<boolean>)[] = [
      (session) => sessions.extend(rotationOf(session, { currentJti: 'second.1' })),
      (session) => sessions.revoke(session.sid, 'revoked', LATER),
      () => Promise.resolve(true),
    ];
    for (const [index, change] of changes.entries()) {
      const session = await inserted(world);
      const before = await sessions.find(session.sid);
      assert.ok(before);
      await sessions.rotate(rotationOf(session));
      assert.equal(await change(session), true);
      await sessions.takeBack({ before, successor: 'second.1', writtenAt: index === 2 ? LATER + 1 : LATER });
      assert.equal((await sessions.find(session.sid))?.currentJti, 'second.1', `change ${String(index)}`);
    }
  },

  'a session is revoked once, and stays so': async (world) => {
    const session = await inserted(world);
    assert.equal(await world.sessions.revoke(session.sid, 'logout', LATER), true);
    assert.equal(await world.otherSessions.revoke(session.sid, 'revoked', LATER + 1), false);
    const found = await world.otherSessions.find(session.sid);
    assert.deepEqual([found?.revokedAt, found?.revokedReason], [LATER, 'logout']);
    assert.equal(await world.sessions.rotate(rotationOf(session)), false);
    assert.equal(await world.sessions.extend(rotationOf(session)), false);
    assert.equal(await world.sessions.revoke('nobody', 'logout', LATER), false);
  },

  'the live sessions of a user are listed, the newest first, and nobody else’s': async (world) => {
    const [older, newer] = [await inserted(world), await inserted(world, { signedInAt: NOW + 1 })];
    await inserted(world, { userId: 'bob' });
    await inserted(world, { expiresAt: NOW });
    await inserted(world, { endsAt: NOW });
    await inserted(world, { lastUsedAt: NOW - DAY });
    const { sid } = await inserted(world);
    await world.sessions.revoke(sid, 'revoked', NOW);
    const live = await world.otherSessions.findLive('alice', NOW, NOW - DAY);
    assert.deepEqual(
      live.map((session) => session.sid),
      [newer.sid, older.sid],
    );
  },

  'the sessions of a user up to a moment are found, expired ones too': async (world) => {
    const [own, expired] = [await inserted(world), await inserted(world, { expiresAt: NOW - DAY })];
    await inserted(world, { signedInAt: NOW + 1 });
    await inserted(world, { userId: 'bob' });
    assert.deepEqual(await sidsOf(world.sessions.findSignedInBefore('alice', NOW)), [own.sid, expired.sid].sort());
  },

  'the sessions from a moment on are found': async (world) => {
    const ahead = await inserted(world, { signedInAt: NOW + 10 * DAY, accessUntil: NOW + 11 * DAY });
    await inserted(world);
    assert.deepEqual(await world.sessions.findSignedInFrom(NOW + 10 * DAY), [{ sid: ahead.sid, endsAt: ahead.endsAt }]);
  },

  'all sessions up to a moment are revoked, however many': async (world) => {
    for (let first = 0; first < 1100; first += 50) {
      await Promise.all(
        Array.from({ length: 50 }, (_, index) => inserted(world, { sid: `many-${String(first + index)}` })),
      );
    }
    const later = await inserted(world, { signedInAt: NOW + 1 });
    assert.equal(await world.sessions.revokeAll('all_revoked', NOW, () => LATER), 1100);
    const found = await world.otherSessions.find('many-1099');
    assert.deepEqual([found?.revokedAt, found?.revokedReason], [LATER, 'all_revoked']);
    assert.equal((await world.sessions.find(later.sid))?.revokedAt, null);
    assert.equal(await world.sessions.revokeAll('all_revoked', NOW, () => LATER), 0);
  },

  'a session is forgotten': async (world) => {
    const { sid } = await inserted(world);
    await world.otherSessions.remove(sid);
    assert.equal(await world.sessions.find(sid), null);
  },

  'a session that a revocation blocks is not found as unblocked': async (world) => {
    const { revocations, sessions } = world;
    const entry = { revokedAt: NOW + 5, expiresAt: NOW + 30 * DAY, reason: 'revoked' };
    const [alice, bob, carol] = [
      await inserted(world),
      await inserted(world, { userId: 'bob' }),
      await inserted(world, { userId: 'carol' }),
    ];
    assert.equal((await sessions.findUnblocked(alice.sid, 'alice'))?.sid, alice.sid);
    assert.equal(await sessions.findUnblocked(alice.sid, 'bob'), null);
    await revocations.add({ ...entry, kind: 'session', value: alice.sid });
    assert.equal(await sessions.findUnblocked(alice.sid, 'alice'), null);
    await revocations.add({ ...entry, kind: 'user', value: 'bob', revokedAt: NOW });
    assert.equal((await sessions.findUnblocked(bob.sid, 'bob'))?.sid, bob.sid);
    await revocations.add({ ...entry, kind: 'user', value: 'bob' });
    assert.equal(await sessions.findUnblocked(bob.sid, 'bob'), null);
    await revocations.add({ ...entry, kind: 'all', value: '*' });
    assert.equal(await sessions.findUnblocked(carol.sid, 'carol'), null);
  },

  'what has ended is purged, and nothing else': async (world) => {
    const past = NOW - DAY;
    const ended = await inserted(world, { expiresAt: past, accessUntil: past });
    const kept = [
      await inserted(world),
      await inserted(world, { expiresAt: past }),
      await inserted(world, { accessUntil: past }),
    ];
    assert.equal(await world.sessions.purge(NOW, () => true), 0);
    await world.sessions.purge(NOW, () => false);
    for (const { sid } of kept) assert.ok(await world.sessions.find(sid));
    // A store may end rows by itself instead, by the true time.
    if (ended.expiresAt < Date.now()) assert.equal(await world.sessions.find(ended.sid), null);
  },
};
