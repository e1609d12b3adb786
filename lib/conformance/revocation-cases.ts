import assert from 'node:assert/strict';
import type { NewRevocation, Revocation, RevocationQuestion } from '../store/revocation-store.js';
import { DAY, newSession, NOW, type World } from './world.js';

type Cases = Readonly<Record<string, (world: World) => Promise<void>>>;

const QUESTION: RevocationQuestion = { sid: 'a-session', token: 'a-token', userId: 'alice', since: NOW };

function entry(kind: NewRevocation['kind'], value: string, more: Partial<NewRevocation> = {}): NewRevocation {
  return { kind, value, revokedAt: NOW, expiresAt: NOW + DAY, reason: 'revoked', ...more };
}

async function readAll({ otherRevocations }: World, since?: number, endsAfter = NOW): Promise<Revocation[]> {
  const all: Revocation[] = [];
  for await (const page of otherRevocations.read(since, endsAfter)) all.push(...page);
  return all;
}

/** What `RevocationStore` promises of single calls. */
export const REVOCATION_CASES: Cases = {
  'a revocation is added once, and keeps the later times': async (world) => {
    const { revocations } = world;
    assert.equal(await revocations.add(entry('token', 'one')), true);
    assert.equal(
      await world.otherRevocations.add(entry('token', 'one', { revokedAt: NOW + 5, expiresAt: NOW + 2 * DAY })),
      false,
    );
    assert.equal(await revocations.add(entry('token', 'one', { revokedAt: NOW + 3 })), false);
    assert.deepEqual(await readAll(world), [{ kind: 'token', value: 'one', revokedAt: NOW + 5, until: NOW + 2 * DAY }]);
    await assert.rejects(async () => revocations.add(entry('token', '')), TypeError);
  },

  'many are added together, and what is there stays': async (world) => {
    await world.revocations.add(entry('session', 'many-7', { revokedAt: NOW + 5 }));
    await world.revocations.addEach([]);
    await world.revocations.addEach(
      Array.from({ length: 1500 }, (_, index) => entry('session', `many-${String(index)}`)),
    );
    const all = await readAll(world);
    assert.equal(all.length, 1500);
    assert.equal(all.find(({ value }) => value === 'many-7')?.revokedAt, NOW + 5);
  },

  'sign-ins of a user, or of everybody, are revoked since a moment': async ({ revocations, otherRevocations }) => {
    await revocations.add(entry('user', 'alice'));
    assert.equal(await otherRevocations.isRevokedSince('alice', NOW - 1), true);
    assert.equal(await otherRevocations.isRevokedSince('alice', NOW), false);
    assert.equal(await otherRevocations.isRevokedSince('Alice', NOW - 1), false);
    await revocations.add(entry('all', '*', { revokedAt: NOW + 5 }));
    assert.equal(await otherRevocations.isRevokedSince('bob', NOW + 4), true);
    assert.equal(await otherRevocations.isRevokedSince('bob', NOW + 5), false);
  },

  'an access token is revoked by itself, its session, its user and everybody': async (world) => {
    const { revocations, otherRevocations, sessions } = world;
    const isRevoked = (more: Partial<RevocationQuestion> = {}): Promise<boolean> =>
      otherRevocations.isRevoked({ ...QUESTION, ...more });
    assert.equal(await isRevoked(), false);
    await revocations.add(entry('token', 'another-token'));
    await revocations.add(entry('session', 'another-session'));
    await revocations.add(entry('user', 'bob'));
    assert.equal(await isRevoked(), false);
    assert.equal(await isRevoked({ token: 'another-token' }), true);
    assert.equal(await isRevoked({ sid: 'another-session' }), true);
    assert.equal(await isRevoked({ userId: 'bob' }), true);
    assert.equal(await isRevoked({ userId: 'bob', since: NOW + 1 }), false);
    const session = newSession();
    await sessions.insert(session);
    assert.equal(await isRevoked({ sid: session.sid }), false);
    await sessions.revoke(session.sid, 'logout', NOW);
    assert.equal(await isRevoked({ sid: session.sid }), true);
    await revocations.add(entry('all', '*'));
    assert.equal(await isRevoked(), true);
    assert.equal(await isRevoked({ since: NOW + 1 }), false);
  },

  'everything that is in force is read, each once, revoked sessions too': async (world) => {
    const { revocations, sessions } = world;
    await revocations.addEach(
      Array.from({ length: 2100 }, (_, index) =>
        entry('token', `token-${String(index)}`, { revokedAt: NOW + (index % 3) }),
      ),
    );
    await revocations.add(entry('user', 'alice'));
    await revocations.add(entry('token', 'ended', { expiresAt: NOW }));
    await revocations.lease('purge', NOW, NOW + DAY);
    const session = newSession();
    await sessions.insert(session);
    await sessions.insert(newSession());
    await sessions.revoke(session.sid, 'logout', NOW + 1);
    const keys = (await readAll(world)).map(({ kind, value }) => `${kind} ${value}`);
    assert.equal(keys.length, 2102);
    assert.equal(new Set(keys).size, 2102);
    assert.ok(keys.includes(`session ${session.sid}`) && keys.includes('user alice'));
    const lately = await readAll(world, NOW + 1);
    assert.equal(lately.length, 1401);
    assert.ok(lately.every(({ revokedAt }) => revokedAt > NOW));
    assert.deepEqual(await readAll(world, undefined, NOW + 2 * DAY), []);
  },

  'sessions and tokens that were revoked before a moment are counted': async ({
    revocations,
    otherRevocations,
    sessions,
  }) => {
    const session = newSession();
    await sessions.insert(session);
    await sessions.revoke(session.sid, 'logout', NOW);
    await revocations.addEach([entry('token', 'one'), entry('session', 'two'), entry('user', 'alice')]);
    await revocations.add(entry('token', 'later', { revokedAt: NOW + 5 }));
    assert.equal(await otherRevocations.count(NOW + 5, NOW), 3);
    assert.equal(await otherRevocations.count(NOW + 6, NOW), 4);
    assert.equal(await otherRevocations.count(NOW + 6, NOW + 300_000), 3);
    assert.equal(await otherRevocations.count(NOW, NOW), 0);
  },

  'a chore is leased to one until a moment': async ({ revocations, otherRevocations }) => {
    assert.equal(await revocations.lease('purge', NOW, NOW + 1000), true);
    assert.equal(await otherRevocations.lease('purge', NOW + 999, NOW + 2000), false);
    assert.equal(await otherRevocations.lease('another', NOW, NOW + 1000), true);
    assert.equal(await otherRevocations.lease('purge', NOW + 1000, NOW + 2000), true);
    // A clock that was a day ahead took it.
    assert.equal(await revocations.lease('purge', NOW + DAY, NOW + DAY + 1000), true);
    assert.equal(await otherRevocations.lease('purge', NOW + 2000, NOW + 3000), true);
  },

  'entries that have ended are purged, and nothing else': async (world) => {
    await world.revocations.addEach(
      Array.from({ length: 450 }, (_, index) => entry('token', `ended-${String(index)}`, { expiresAt: NOW - 1 })),
    );
    await world.revocations.add(entry('token', 'kept', { expiresAt: NOW }));
    assert.equal(await world.revocations.purge(NOW, () => true), 0);
    await world.revocations.purge(NOW, () => false);
    const left = await readAll(world, undefined, 0);
    assert.deepEqual(
      left.map(({ value }) => value),
      ['kept'],
    );
  },

  'another module instance sees nothing of it': async ({ stores: [store], revocations, realm }) => {
    await revocations.add(entry('all', '*', { revokedAt: NOW + 5 }));
    await revocations.lease('purge', NOW, NOW + DAY);
    const elsewhere = store.revocations(`${realm}-other`);
    assert.equal(await elsewhere.isRevokedSince('alice', NOW), false);
    assert.equal(await elsewhere.isRevoked(QUESTION), false);
    assert.equal(await elsewhere.lease('purge', NOW, NOW + DAY), true);
  },

  'all processes see one clock': async ({ stores }) => {
    const [one, other] = await Promise.all(stores.map(({ clock }) => clock.now()));
    assert.ok(Number.isInteger(one), `${String(one)} is not in whole milliseconds`);
    assert.ok(Math.abs((one ?? 0) - (other ?? 0)) < 5000, `${String(one)} and ${String(other)}`);
  },
};
