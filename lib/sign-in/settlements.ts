import { Inject, Injectable, type OnModuleDestroy } from '@nestjs/common';
import { OPTIONS } from '../options/injection-keys.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { SessionStore } from '../store/session-store.js';
import type { LostRotation } from '../store/session.js';

/** The next try after one that failed, in milliseconds. */
const AGAIN_AFTER = 250;
/** A try takes no longer, so that one comes soon after the database is back; milliseconds. */
const TRY_LIMIT = 1500;
/** So many are remembered; beyond it the oldest are given up. */
const MAX_OPEN = 50_000;

interface Open {
  readonly sid: string;
  /** From when on it is undone, by `performance.now()`. */
  readonly due: number;
  readonly undo: (limit: number) => Promise<void>;
}

/**
 * Undoes what was answered 503 and may have been written all the same: its answer was lost, so that nobody knows. A
 * rotation is taken back when its grace is about to end, because up to then the replaced token gets the successor anyway.
 * A session whose tokens nobody got is removed.
 *
 * What it remembers ends with the process: after `kill -9` a rotation that was answered 503 stands.
 */
@Injectable()
export class Settlements implements OnModuleDestroy {
  private readonly open = new Set<Open>();
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;

  constructor(
    private readonly sessions: SessionStore,
    @Inject(OPTIONS) private readonly options: Pick<ResolvedOptions, 'rotationGrace'>,
  ) {}

  onModuleDestroy(): void {
    this.stopped = true;
    clearTimeout(this.timer);
  }

  /** A rotation was answered 503. */
  rotationLost(rotation: LostRotation): void {
    const { rotationGrace } = this.options;
    // Not before its deadline, two fifths of the grace: without a grace, five seconds.
    const due = performance.now() + (rotationGrace === 0 ? 5000 : rotationGrace * 500);
    this.add({ sid: rotation.before.sid, due, undo: (limit) => this.sessions.takeBack(rotation, limit) });
  }

  /** A sign-in was refused after its session was written, or may have been. */
  signInLost(sid: string): void {
    this.add({ sid, due: performance.now(), undo: (limit) => this.sessions.remove(sid, limit) });
  }

  /**
   * Undoes what is open of a session, before anything is concluded from its row.
   *
   * @returns whether there was something; then the row may have changed
   * @throws JwtoError `store_unavailable`
   */
  async settle(sid: string): Promise<boolean> {
    const own = [...this.open].filter((one) => one.sid === sid);
    for (const one of own) await this.undo(one);
    return own.length > 0;
  }

  private add(one: Open): void {
    const [oldest] = this.open;
    if (oldest !== undefined && this.open.size >= MAX_OPEN) this.open.delete(oldest);
    this.open.add(one);
    this.schedule(one.due - performance.now());
  }

  private async undo(one: Open): Promise<void> {
    await one.undo(TRY_LIMIT);
    this.open.delete(one);
  }

  private schedule(after: number): void {
    if (this.timer !== undefined || this.stopped) return;
    this.timer = setTimeout(
      () => {
        void this.work();
      },
      Math.max(0, after),
    ).unref();
  }

  /** One after the other, on one connection: a database that has just come back has other work too. */
  private async work(): Promise<void> {
    let pause = AGAIN_AFTER;
    try {
      for (const one of [...this.open]) if (one.due <= performance.now()) await this.undo(one);
      pause = Math.max(AGAIN_AFTER, Math.min(...[...this.open].map(({ due }) => due - performance.now())));
    } catch {
      // The store has logged it.
    }
    this.timer = undefined;
    if (this.open.size > 0) this.schedule(pause);
  }
}
