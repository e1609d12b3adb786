import { randomBytes } from 'node:crypto';
import type { JwtoStore } from '../store/jwto-store.js';
import type { RevocationStore } from '../store/revocation-store.js';
import type { SessionStore } from '../store/session-store.js';
import type { Moment, NewSession } from '../store/session.js';

/** What is to be proved, and how the suite gets at it. */
export interface ConformanceOptions {
  /**
   * Opens the store as another process would: with connections of its own, on the same data. Called twice for each case.
   * Where a store cannot be shared, as in memory, it may give the same one.
   */
  open: () => Promise<JwtoStore>;
  /**
   * A module whose default export is such a function. With it the races run in four processes too.
   *
   * @example `new URL('./open-store.mjs', import.meta.url)`
   */
  worker?: URL | undefined;
  /**
   * Makes writes to a session wait, by a lock for instance, until what it gives is called. With it the suite shows that a
   * write which was given up never happens later.
   */
  hold?: ((sid: string) => Promise<() => Promise<void>>) | undefined;
}

/** One promise of the ports. */
export interface ConformanceCase {
  readonly name: string;
  /** Rejects with an AssertionError that names what was expected and what the store did. */
  readonly run: () => Promise<void>;
}

/** What a case works with: one module instance of its own, as two processes see it. */
export interface World {
  readonly realm: string;
  readonly stores: readonly [JwtoStore, JwtoStore];
  readonly sessions: SessionStore;
  readonly revocations: RevocationStore;
  /** The same, through the other store. */
  readonly otherSessions: SessionStore;
  readonly otherRevocations: RevocationStore;
}

/** A moment that nothing else of a case comes near; milliseconds since the epoch. */
export const NOW = 1_800_000_000_000;
/** Milliseconds. */
export const DAY = 86_400_000;

/** Runs a case in a realm of its own, so that nothing has to be cleaned up. */
export async function inWorld({ open }: ConformanceOptions, work: (world: World) => Promise<void>): Promise<void> {
  const realm = `conformance-${randomBytes(9).toString('hex')}`;
  const stores = [await open(), await open()] as const;
  const [one, other] = stores;
  try {
    await work({
      realm,
      stores,
      sessions: one.sessions(realm),
      revocations: one.revocations(realm),
      otherSessions: other.sessions(realm),
      otherRevocations: other.revocations(realm),
    });
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
}

/** A session that was signed in at {@link NOW}, and lives for a day. */
export function newSession(more: Partial<NewSession> = {}): NewSession {
  return {
    sid: randomBytes(16).toString('base64url'),
    userId: 'alice',
    mode: 'JSON',
    stamp: null,
    keyRealm: null,
    currentJti: 'first.0',
    currentIat: NOW,
    signedInAt: NOW,
    lastUsedAt: NOW,
    expiresAt: NOW + DAY,
    refreshLifetime: DAY,
    endsAt: NOW + 30 * DAY,
    accessUntil: NOW + 300_000,
    userAgent: 'A browser’s name',
    ip: '192.0.2.1',
    ...more,
  };
}

/** What a refresh is judged by, some milliseconds after {@link NOW}, with a grace of ten seconds. */
export function momentAt(now: number, more: Partial<Moment> = {}): () => Moment {
  return () => ({ now, aliveAt: now, usedAfter: Number.MIN_SAFE_INTEGER, notSince: now - 10_000, ...more });
}
