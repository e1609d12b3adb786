/** The clock that all processes on a store share. */
export abstract class StoreClock {
  /** Whether it is this machine's own: the store runs in this process. Then it is not asked. */
  abstract readonly isEmbedded: boolean;

  /**
   * What time it is, free of time zones and their changes.
   *
   * @returns milliseconds since the epoch
   * @throws JwtoError `store_unavailable`
   */
  abstract now(): Promise<number>;
}
