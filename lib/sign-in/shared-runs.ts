/** A run of some work, and the one after it, which all share who come meanwhile. */
interface Run {
  current: Promise<void>;
  next?: Promise<void>;
}

/** Does work once for all who ask for it at the same time; for each key, one run after the other. */
export class SharedRuns {
  private readonly runs = new Map<string, Run>();

  /**
   * Waits for a run that begins after this call, so that it sees all that the caller has written. Callers that share a
   * run have the first one's work done, and all get its error.
   */
  run(key: string, work: () => Promise<void>): Promise<void> {
    const run = this.runs.get(key);
    if (run === undefined) return this.start(key, work);
    run.next ??= run.current.catch(() => undefined).then(() => this.start(key, work));
    return run.next;
  }

  private start(key: string, work: () => Promise<void>): Promise<void> {
    const run: Run = {
      current: work().finally(() => {
        if (run.next === undefined) this.runs.delete(key);
      }),
    };
    this.runs.set(key, run);
    return run.current;
  }
}
