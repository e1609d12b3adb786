import assert from 'node:assert/strict';
import type { JwtoStore } from '../store/jwto-store.js';
import { DAY, momentAt, newSession, NOW, type World } from './world.js';

/** How often a race is run: one that is lost now and then is lost. */
const ROUNDS = 10;
/** Calls at a time. */
const AT_ONCE = 20;

/** One try of a race; `true` where it won. It is plain data, so that it can be sent to another process. */
export type Try =
  | { kind: 'rotate'; sid: string; currentJti: string; successor: string }
  | { kind: 'revoke'; sid: string }
  | { kind: 'lease'; chore: string; now: number };

/** Makes a try on a store. */
export async function attempt(store: JwtoStore, realm: string, one: Try): Promise<boolean> {
  if (one.kind === 'lease') return store.revocations(realm).lease(one.chore, one.now, one.now + 1000);
  if (one.kind === 'revoke') return store.sessions(realm).revoke(one.sid, 'logout', NOW);
  return store.sessions(realm).rotate({
    sid: one.sid,
    currentJti: one.currentJti,
    keyRealm: null,
    moment: momentAt(NOW),
    expiresAt: NOW + DAY,
    accessUntil: NOW + 300_000,
    successor: { jti: one.successor, iat: NOW },
  });
}

/** Makes tries at once, and gives what each came to. */
export type Race = (realm: string, tries: readonly Try[]) => Promise<boolean[]>;

/** Tries that only one may win, by what they are about. */
const RACES: Readonly<Record<string, (world: World, round: number) => Promise<(index: number) => Try>>> = {
  'rotations with one token': async ({ sessions }) => {
    const { sid, currentJti } = newSession();
    await sessions.insert(newSession({ sid }));
    return (index) => ({ kind: 'rotate', sid, currentJti, successor: `successor-${String(index)}.1` });
  },
  'revocations of one session': async ({ sessions }) => {
    const { sid } = newSession();
    await sessions.insert(newSession({ sid }));
    return () => ({ kind: 'revoke', sid });
  },
  'leases of one chore, new': (_world, round) =>
    Promise.resolve(() => ({ kind: 'lease', chore: `chore-${String(round)}`, now: NOW })),
  'leases of one chore, that ended': (_world, round) =>
    Promise.resolve(() => ({ kind: 'lease', chore: 'chore', now: NOW + round * 1000 })),
};

/** What the ports promise of parallel calls. */
export function raceCases(
  where: string,
  raceIn: (world: World) => Race,
): Record<string, (world: World) => Promise<void>> {
  return Object.fromEntries(
    Object.entries(RACES).map(([what, prepare]) => [
      `of ${String(AT_ONCE)} ${what}, ${where}, one wins`,
      async (world: World) => {
        const race = raceIn(world);
        for (let round = 0; round < ROUNDS; round++) {
          const tryOf = await prepare(world, round);
          const won = await race(
            world.realm,
            Array.from({ length: AT_ONCE }, (_, index) => tryOf(index)),
          );
          assert.equal(won.filter(Boolean).length, 1, `in round ${String(round)}`);
        }
      },
    ]),
  );
}

/** Tries through two stores of this process. */
export function raceHere({ stores }: World): Race {
  return (realm, tries) => Promise.all(tries.map((one, index) => attempt(stores[index % 2] ?? stores[0], realm, one)));
}
