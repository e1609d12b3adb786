import { Inject, Injectable } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import type { RequestInfo } from '../events/jwto-event.js';
import { OPTIONS } from '../options/injection-keys.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { usedAfter } from '../sessions/standing.js';
import { SessionStore } from '../store/session-store.js';
import { Revoker } from '../revocation/revoker.js';

/** The ending of one user's oldest sessions, and the one that waits behind it. */
interface Round {
  readonly running: Promise<void>;
  next: Promise<void> | undefined;
}

/** Keeps a user's live sessions at `maxSessionsPerUser`. */
@Injectable()
export class SessionLimit {
  private readonly rounds = new Map<string, Round>();

  constructor(
    @Inject(OPTIONS) private readonly options: Pick<ResolvedOptions, 'maxSessionsPerUser' | 'idleLifetime'>,
    private readonly clock: Clock,
    private readonly sessions: SessionStore,
    private readonly revoker: Revoker,
  ) {}

  /**
   * Ends the oldest sessions of a user beyond the limit. After the insert, so that parallel logins agree; those that come
   * while one is at it share the next round, for each would read and end the same sessions.
   *
   * @throws JwtoError `store_unavailable`
   */
  keep(userId: string, request: RequestInfo | null): Promise<void> {
    const current = this.rounds.get(userId);
    if (current === undefined) return this.begin(userId, request);
    current.next ??= current.running.catch(() => undefined).then(() => this.begin(userId, request));
    return current.next;
  }

  private begin(userId: string, request: RequestInfo | null): Promise<void> {
    const running = this.endOldest(userId, request);
    const round: Round = { running, next: undefined };
    this.rounds.set(userId, round);
    const settled = (): void => {
      if (this.rounds.get(userId) === round && round.next === undefined) this.rounds.delete(userId);
    };
    running.then(settled, settled);
    return running;
  }

  private async endOldest(userId: string, request: RequestInfo | null): Promise<void> {
    const now = this.clock.now();
    const live = await this.sessions.findLive(userId, now, usedAfter(this.options, now));
    await this.revoker.endTogether(live.slice(this.options.maxSessionsPerUser), userId, 'too_many_sessions', request);
  }
}
