/** What the model says of a step: a code of the contract, or what was given out. */
export type Verdict = { code: string } | { jti: number; refreshExp: number; accessExp: number };

/** A refresh token of the model: the how-manieth of its session, and its `exp` in seconds. */
export interface ModelRefresh {
  session: ModelSession;
  jti: number;
  exp: number;
}

/** An access token of the model. */
export interface ModelAccess {
  session: ModelSession;
  exp: number;
  blocked: boolean;
}

/** A sign-in; times in milliseconds. */
export interface ModelSession {
  /** The library's name of it. */
  sid: string;
  user: number;
  stamp: string;
  jti: number;
  rotatedAt: number;
  signedInAt: number;
  expiresAt: number;
  endsAt: number;
  accessUntil: number;
  revoked: boolean;
  purged: boolean;
}

/** The settings that the model knows of, in seconds. */
export const SETTINGS = { grace: 10, refresh: 3600, session: 3 * 3600, access: [300, 1800], maxSessions: 3 } as const;

const MARGIN = 86_400_000;
const OK = { code: 'ok' };

/** The contract's rotation and revocation as plainly as they can be said, without a database, races or tokens. */
export class Model {
  readonly users = new Map<number, { active: boolean; stamp: string }>();
  readonly sessions: ModelSession[] = [];
  private readonly revokedAt = new Map<number, number>();

  constructor(private readonly now: () => number) {}

  /** @returns the session, or why there is none; `sid` is filled in by the caller, who knows it */
  login(id: number, sid: string, process: 0 | 1): { verdict: Verdict; session?: ModelSession } {
    const user = this.users.get(id);
    if (user?.active !== true) return { verdict: { code: 'user_inactive' } };
    const now = this.now();
    if ((this.revokedAt.get(id) ?? -Infinity) > now) return { verdict: { code: 'credentials_invalid' } };
    const second = Math.floor(now / 1000) * 1000;
    const endsAt = second + SETTINGS.session * 1000;
    const session: ModelSession = {
      ...{ sid, user: id, stamp: user.stamp, jti: 0, rotatedAt: -Infinity, signedInAt: now },
      ...{ expiresAt: second + SETTINGS.refresh * 1000, endsAt, accessUntil: 0, revoked: false, purged: false },
    };
    this.sessions.push(session);
    const live = this.live(id).sort((a, b) => b.signedInAt - a.signedInAt || (a.sid < b.sid ? 1 : -1));
    for (const oldest of live.slice(SETTINGS.maxSessions)) oldest.revoked = true;
    return { verdict: this.given(session, process), session };
  }

  validate(token: ModelRefresh): Verdict {
    const { session } = token;
    const now = this.now();
    if (token.exp * 1000 <= now) return { code: 'token_expired' };
    if (session.revoked || session.purged) return { code: 'token_revoked' };
    if (session.expiresAt <= now || session.endsAt <= now) return { code: 'token_expired' };
    const inside = now < session.rotatedAt + SETTINGS.grace * 1000;
    if (token.jti === session.jti || (token.jti === session.jti - 1 && inside)) return OK;
    session.revoked = true;
    return { code: 'token_reused' };
  }

  refresh(token: ModelRefresh, updates: boolean, process: 0 | 1): Verdict {
    const verdict = this.validate(token);
    if (verdict !== OK) return verdict;
    const { session } = token;
    const user = this.users.get(session.user);
    if (user?.active !== true) return this.end(session, 'user_inactive');
    if (user.stamp !== session.stamp) return this.end(session, 'token_revoked');
    const now = this.now();
    if (now >= session.rotatedAt + SETTINGS.grace * 1000) {
      session.jti += 1;
      session.rotatedAt = now;
    }
    const moved = Math.min(Math.floor(now / 1000) * 1000 + SETTINGS.refresh * 1000, session.endsAt);
    // A clock that was set back takes no time away.
    if (updates) session.expiresAt = Math.max(session.expiresAt, moved);
    return this.given(session, process);
  }

  verify(token: ModelAccess): Verdict {
    if (token.exp * 1000 <= this.now()) return { code: 'token_expired' };
    return token.session.revoked || token.blocked ? { code: 'token_revoked' } : OK;
  }

  /** @returns `ok`, or that it was revoked before */
  logout({ session }: ModelRefresh): Verdict {
    if (session.revoked || session.purged) return { code: 'already' };
    session.revoked = true;
    return OK;
  }

  block(token: ModelAccess): Verdict {
    if (token.blocked) return { code: 'already' };
    token.blocked = true;
    return OK;
  }

  /** Ends every sign-in that there is, also one that a clock which was set back has left ahead of now. */
  revokeUser(id: number): Verdict {
    this.revokedAt.set(id, Math.max(this.now(), this.revokedAt.get(id) ?? -Infinity));
    for (const session of this.sessions) {
      if (session.user === id) session.revoked = true;
    }
    return OK;
  }

  /** Forgets what protects nothing any more. */
  purge(): Verdict {
    const before = this.now() - MARGIN;
    for (const session of this.sessions) {
      if (session.expiresAt < before && session.accessUntil < before) session.purged = true;
    }
    return OK;
  }

  /** The sessions of a user that can be refreshed. */
  live(user: number): ModelSession[] {
    const now = this.now();
    return this.sessions.filter(
      (session) => session.user === user && !session.revoked && session.expiresAt > now && session.endsAt > now,
    );
  }

  private end(session: ModelSession, code: string): Verdict {
    session.revoked = true;
    return { code };
  }

  private given(session: ModelSession, process: 0 | 1): Verdict {
    const accessExp = Math.min(Math.floor(this.now() / 1000) + SETTINGS.access[process], session.endsAt / 1000);
    session.accessUntil = Math.max(session.accessUntil, accessExp * 1000);
    return { jti: session.jti, refreshExp: session.expiresAt / 1000, accessExp };
  }
}
