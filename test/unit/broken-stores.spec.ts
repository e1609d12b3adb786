import { setTimeout as sleep } from 'node:timers/promises';
import { MemoryStore, type RevocationStore, type Session, type SessionRotation, type SessionStore } from 'jwto';
import { storeConformance } from 'jwto/store-conformance';
import { describe, expect, it } from 'vitest';
import { StoreUnavailableError } from '../../lib/errors/store-errors.js';

/** A memory store whose parts are changed. */
class BrokenStore extends MemoryStore {
  constructor(
    private readonly breakSessions: (sessions: SessionStore) => Partial<SessionStore>,
    private readonly breakRevocations: (revocations: RevocationStore) => Partial<RevocationStore> = () => ({}),
  ) {
    super();
  }

  override sessions(realm: string): ReturnType<MemoryStore['sessions']> {
    const whole = super.sessions(realm);
    return Object.assign(Object.create(whole) as typeof whole, this.breakSessions(whole));
  }

  override revocations(realm: string): ReturnType<MemoryStore['revocations']> {
    const whole = super.revocations(realm);
    return Object.assign(Object.create(whole) as typeof whole, this.breakRevocations(whole));
  }
}

/** Until when writes to sessions wait; `undefined` while they need not. */
let held: Promise<void> | undefined;

function hold(): Promise<() => Promise<void>> {
  let goOn: () => void = () => undefined;
  held = new Promise((resolve) => (goOn = resolve));
  return Promise.resolve(() => {
    held = undefined;
    goOn();
    return Promise.resolve();
  });
}

/** A rotation that asks nothing of the session. */
async function unconditional(whole: SessionStore, rotation: SessionRotation): Promise<boolean> {
  const session = await whole.find(rotation.sid);
  if (session === null) return false;
  await sleep(1);
  const forgotten = { now: 1, aliveAt: 0, usedAfter: 0, notSince: Number.MAX_SAFE_INTEGER };
  await whole.rotate({ ...rotation, currentJti: session.currentJti, moment: () => forgotten });
  return true;
}

/** One that waits for the lock and is given up; `whenHeld` says what becomes of it when it gets the lock. */
async function givenUp(
  whole: SessionStore,
  rotation: SessionRotation,
  whenHeld: (lock: Promise<void>) => void,
): Promise<boolean> {
  if (held === undefined) return whole.rotate(rotation);
  whenHeld(held);
  await sleep(rotation.limit);
  throw new StoreUnavailableError(new Error('it took too long'));
}

async function failuresOf(store: MemoryStore): Promise<string[]> {
  const failures: string[] = [];
  for (const { name, run } of storeConformance({ open: () => Promise.resolve(store), hold })) {
    await run().catch(() => failures.push(name));
  }
  return failures;
}

/** By what is broken: the store, and a case that must fail. */
const BROKEN: Record<string, [MemoryStore, RegExp]> = {
  'rotates without a condition': [
    new BrokenStore((whole) => ({ rotate: (rotation) => unconditional(whole, rotation) })),
    /20 rotations with one token, in one process, one wins/,
  ],
  'commits a rotation after it was given up': [
    new BrokenStore((whole) => ({
      rotate: (rotation) => givenUp(whole, rotation, (lock) => void lock.then(() => whole.rotate(rotation))),
    })),
    /given up never happens later/,
  ],
  'forgets a revocation': [
    new BrokenStore(() => ({ revoke: () => Promise.resolve(true) })),
    /a session is revoked once, and stays so/,
  ],
  'lists across users': [
    new BrokenStore((whole) => ({
      findLive: async (_userId, now, usedAfter): Promise<Session[]> => [
        ...(await whole.findLive('alice', now, usedAfter)),
        ...(await whole.findLive('bob', now, usedAfter)),
      ],
    })),
    /live sessions of a user are listed/,
  ],
  'loses the expiry': [
    new BrokenStore((whole) => ({
      insert: (session) => whole.insert({ ...session, expiresAt: Number.MAX_SAFE_INTEGER }),
    })),
    /found as it was inserted/,
  ],
  'gives a lease twice': [
    new BrokenStore(
      () => ({}),
      () => ({ lease: () => Promise.resolve(true) }),
    ),
    /leases of one chore, new, in one process, one wins/,
  ],
};

describe('the conformance suite', () => {
  it('passes a store that is whole, and holds writes up', async () => {
    const whole = new BrokenStore((sessions) => ({
      rotate: (rotation) => givenUp(sessions, rotation, () => undefined),
    }));
    expect(await failuresOf(whole)).toEqual([]);
  });

  it.each(Object.keys(BROKEN))('fails a store that %s', async (name) => {
    const [store, expected] = BROKEN[name] ?? [new MemoryStore(), /$^/];
    expect((await failuresOf(store)).join('\n')).toMatch(expected);
  });
});
