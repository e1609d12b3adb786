/* eslint-disable @typescript-eslint/require-await -- async, so that what throws rejects as it does in every other store */
import { SessionStore } from '../store/session-store.js';
import type { LostRotation, NewSession, Session, SessionExtension, SessionRotation } from '../store/session.js';
import { assertStoredId, storedId } from '../store/stored-id.js';
import type { MemoryTables } from './memory-tables.js';

/** A write within a millisecond or so of another is told apart by it; milliseconds. */
const SAME_MOMENT = 1000;

/** The sessions of one module instance in memory. Every method is done before another begins. */
export class MemorySessionStore extends SessionStore {
  constructor(
    private readonly tables: MemoryTables,
    private readonly realm: string,
  ) {
    super();
  }

  override async insert(session: NewSession): Promise<void> {
    const sid = assertStoredId(session.sid);
    if (this.tables.sessions.has(sid)) throw new Error('There is a session with this id.');
    this.tables.add({
      ...session,
      userId: storedId(session.userId),
      realm: this.realm,
      previousJti: null,
      rotatedAt: null,
      generation: 0,
      revokedAt: null,
      revokedReason: null,
    });
  }

  override async remove(sid: string): Promise<void> {
    const session = this.row(sid);
    if (session !== undefined) this.tables.remove(session);
  }

  override async find(sid: string): Promise<Session | null> {
    return copy(this.row(sid));
  }

  override async findUnblocked(sid: string, userId: string): Promise<Session | null> {
    const owner = assertStoredId(userId);
    const session = this.row(sid);
    if (session?.userId !== owner || this.tables.revocation('session', session.sid) !== undefined) return null;
    return this.tables.signInsRevokedAt(owner) > session.signedInAt ? null : copy(session);
  }

  override async rotate({ successor, ...extension }: SessionRotation): Promise<boolean> {
    const { now, notSince } = extension.moment();
    const session = this.refreshable(extension);
    if (session === undefined || (session.rotatedAt !== null && session.rotatedAt > notSince)) return false;
    extendTo(session, extension);
    session.lastUsedAt = now;
    session.previousJti = session.currentJti;
    session.currentJti = successor.jti;
    session.currentIat = successor.iat;
    session.rotatedAt = now;
    session.generation += 1;
    return true;
  }

  override async extend(extension: SessionExtension): Promise<boolean> {
    const { now } = extension.moment();
    const session = this.refreshable(extension);
    if (session === undefined) return false;
    extendTo(session, extension);
    const { lastUsedAt } = session;
    session.lastUsedAt = lastUsedAt >= now && lastUsedAt <= now + SAME_MOMENT ? lastUsedAt + 1 : now;
    return true;
  }

  override async takeBack({ before, successor, writtenAt }: LostRotation): Promise<void> {
    const session = this.row(before.sid);
    if (session?.revokedAt !== null || session.currentJti !== storedId(successor)) return;
    if (session.rotatedAt !== writtenAt || session.lastUsedAt !== writtenAt) return;
    const { keyRealm, currentJti, currentIat, previousJti, rotatedAt, generation } = before;
    Object.assign(session, { keyRealm, currentJti, currentIat, previousJti, rotatedAt, generation });
  }

  override async revoke(sid: string, reason: string, now: number): Promise<boolean> {
    const session = this.row(sid);
    if (session?.revokedAt !== null) return false;
    session.revokedAt = now;
    session.revokedReason = reason;
    return true;
  }

  override async revokeAll(reason: string, now: number, moment: () => number): Promise<number> {
    const standing = this.all((session) => session.revokedAt === null && session.signedInAt <= now);
    const revokedAt = moment();
    for (const session of standing) Object.assign(session, { revokedAt, revokedReason: reason });
    return standing.length;
  }

  override async findLive(userId: string, now: number, usedAfter: number): Promise<Session[]> {
    const isLive = ({ expiresAt, endsAt, lastUsedAt }: Session): boolean =>
      expiresAt > now && endsAt > now && lastUsedAt > usedAfter;
    return this.standing(userId)
      .filter(isLive)
      .sort((one, other) => other.signedInAt - one.signedInAt || (one.sid < other.sid ? 1 : -1));
  }

  override async findSignedInBefore(userId: string, before: number): Promise<Session[]> {
    return this.standing(userId).filter(({ signedInAt }) => signedInAt <= before);
  }

  override async findSignedInFrom(moment: number): Promise<Pick<Session, 'sid' | 'endsAt'>[]> {
    return this.all(({ revokedAt, signedInAt }) => revokedAt === null && signedInAt >= moment).map(
      ({ sid, endsAt }) => ({ sid, endsAt }),
    );
  }

  override async purge(before: number, isStopped: () => boolean): Promise<number> {
    if (isStopped()) return 0;
    const ended = this.all(({ expiresAt, accessUntil }) => expiresAt < before && accessUntil < before);
    for (const session of ended) this.tables.remove(session);
    return ended.length;
  }

  private row(sid: string): Session | undefined {
    return this.tables.sessions.get(assertStoredId(sid));
  }

  private all(isMeant: (session: Session) => boolean): Session[] {
    return [...this.tables.sessions.values()].filter(isMeant);
  }

  private standing(userId: string): Session[] {
    return this.tables
      .sessionsOf(assertStoredId(userId))
      .filter(({ revokedAt }) => revokedAt === null)
      .map((session) => ({ ...session }));
  }

  /** The session of a refresh, if the presented token is its current one and it lives. */
  private refreshable({ sid, currentJti, moment }: SessionExtension): Session | undefined {
    const { aliveAt, usedAfter } = moment();
    const session = this.row(sid);
    if (session?.revokedAt !== null || session.currentJti !== assertStoredId(currentJti)) return undefined;
    const lives = session.expiresAt > aliveAt && session.endsAt > aliveAt && session.lastUsedAt > usedAfter;
    return lives ? session : undefined;
  }
}

/** Never backwards. */
function extendTo(session: Session, { keyRealm, expiresAt, accessUntil }: SessionExtension): void {
  session.keyRealm = keyRealm;
  session.expiresAt = Math.max(session.expiresAt, expiresAt);
  session.accessUntil = Math.max(session.accessUntil, accessUntil);
}

/** A row of its own, as a database would give it. */
function copy(session: Session | undefined): Session | null {
  return session === undefined ? null : { ...session };
}
