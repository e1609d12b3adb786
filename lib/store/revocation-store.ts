/**
 * What a revocation blocks: one token by its `jti`, one session by its `sid`, every sign-in of a user before a moment, or
 * of everybody (value `*`).
 */
export type RevocationKind = 'session' | 'token' | 'user' | 'all';

/** A revocation as a store gives it; times in milliseconds since the epoch. */
export interface Revocation {
  kind: RevocationKind;
  /** A `sid`, a `jti`, a user's id, or `*`. */
  value: string;
  /** Of a user and of everybody, sign-ins before it are revoked. */
  revokedAt: number;
  /** When what it blocks has ended by itself. */
  until: number;
}

/** A revocation as it is added. */
export interface NewRevocation {
  kind: RevocationKind;
  value: string;
  /** Milliseconds since the epoch. */
  revokedAt: number;
  /** When what it blocks has ended by itself, in milliseconds since the epoch. */
  expiresAt: number;
  reason: string | null;
}

/** What a guard asks of an access token. */
export interface RevocationQuestion {
  sid: string;
  /** What the token is blocked as. */
  token: string;
  userId: string;
  /** A revocation of the user or of everybody counts from this moment on; milliseconds since the epoch. */
  since: number;
}

/**
 * What is revoked in one module instance, beside the sessions themselves.
 *
 * Every method is one atomic step for whoever looks from another process, and rejects with a `JwtoError`
 * `store_unavailable` where the store does not answer in time: never "not revoked" where it is not known. A write never
 * happens later than 5 s after it was asked for. What was confirmed survives what the store promises to survive.
 */
export abstract class RevocationStore {
  /**
   * Blocks something. Of parallel calls one adds, and the entry keeps the later times.
   *
   * @returns whether it was not blocked before
   * @throws TypeError for an empty value
   */
  abstract add(revocation: NewRevocation): Promise<boolean>;

  /**
   * Blocks many things. A process that is killed leaves the first batches of a thousand blocked as a whole. What is
   * blocked already stays as it is.
   */
  abstract addEach(revocations: readonly NewRevocation[]): Promise<void>;

  /** Whether the sign-ins of a user, or of everybody, that began at this moment (milliseconds since the epoch) were revoked after it. */
  abstract isRevokedSince(userId: string, signedInAt: number): Promise<boolean>;

  /** Whether an access token is revoked, by itself, with its session, its user or everybody; for `blocklistCheck: 'database'`. */
  abstract isRevoked(question: RevocationQuestion): Promise<boolean>;

  /**
   * Reads what is revoked and can still be presented, revoked sessions too, in pages, with the event loop free between
   * them. What was committed before the first page is read is in them; what is added meanwhile may be.
   *
   * @param since - what was revoked before this is left out; `undefined` for everything
   * @param endsAfter - what has ended by itself before this is left out
   */
  abstract read(since: number | undefined, endsAfter: number): AsyncGenerator<Revocation[]>;

  /**
   * How many sessions and tokens were revoked before a moment, and of these end by themselves after another. As long as
   * nothing is purged or revoked late it stays as it is.
   */
  abstract count(before: number, endsAfter: number): Promise<number>;

  /**
   * Takes a chore for this process until a moment. Of any number of parallel calls one gets it. A lease that ends more
   * than a minute later than one that begins now was taken by a clock that was ahead, and is not believed.
   *
   * @param until - milliseconds since the epoch, as `now`
   * @returns whether this process has it
   */
  abstract lease(chore: string, now: number, until: number): Promise<boolean>;

  /** Deletes entries that ended before a moment, as {@link SessionStore.purge} does. */
  abstract purge(before: number, isStopped: () => boolean): Promise<number>;
}
