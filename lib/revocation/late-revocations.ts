import type { RevocationStore } from '../store/revocation-store.js';

/**
 * A poll reads so much again, in milliseconds: a revocation is stamped before it is committed, and our own statements are
 * committed within their limit of five seconds or not at all.
 */
export const OVERLAP = 15_000;
/** How often it is looked for what was committed later than that, in milliseconds. */
const INTERVAL = 60_000;

/**
 * Notices what polls for the latest have passed over: revocations that appear long after their stamp, by hand or from a
 * transaction that stayed open. Of what was revoked before a moment there must not become more; the database counts,
 * which is little beside reading it all.
 */
export class LateRevocations {
  private counted: { before: number; endsAfter: number; count: number } | undefined;
  private next = 0;

  /** @param background - runs each statement, with respect to others that no request waits for */
  constructor(
    private readonly revocations: Pick<RevocationStore, 'count'>,
    private readonly background: <T>(work: () => Promise<T>) => Promise<T>,
  ) {}

  /**
   * Looks once a minute, however often it is called.
   *
   * @param now - milliseconds since the epoch
   * @param readAll - called if something was passed over; if it fails, it is called again a minute later
   * @returns how many there are; `undefined` in between
   * @throws JwtoError `store_unavailable`
   */
  async look(now: number, readAll: () => Promise<void>): Promise<number | undefined> {
    if (performance.now() < this.next) return undefined;
    this.next = performance.now() + INTERVAL;
    const { counted } = this;
    if (counted !== undefined && (await this.count(counted)) > counted.count) await readAll();
    const bounds = { before: now - OVERLAP, endsAfter: now };
    this.counted = { ...bounds, count: await this.count(bounds) };
    return this.counted.count;
  }

  private count({ before, endsAfter }: { before: number; endsAfter: number }): Promise<number> {
    return this.background(() => this.revocations.count(before, endsAfter));
  }
}
