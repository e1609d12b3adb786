/**
 * Whether `Clock` can be believed right now. The monotonic clock of Linux stands still while the machine sleeps, so who
 * judges a time, or writes one down, asks here first.
 */
export abstract class Timekeeper {
  /** Costs nothing and waits for nothing. `false`: the machine slept, or its clock was set, since it was last compared. */
  abstract readonly isSteady: boolean;

  /**
   * Resolves at once while it is steady. Else the database is asked what time it is; calls at the same time share one
   * question.
   *
   * @throws JwtoError `store_unavailable` if it does not answer
   */
  abstract settle(): Promise<void>;
}
