import os from 'node:os';

/** So far the wall clock and the monotonic one may part, in milliseconds; slewing and rounding stay below it. */
export const APART = 500;

/** How far the machine's other clocks are ahead of the monotonic one, in milliseconds. */
export interface ClockReading {
  readonly wall: number;
  /** Of the time since the machine was started, in which it slept too; NaN where the system does not tell. */
  readonly uptime: number;
}

/** The clocks of the machine, and how far they have parted since they were last known to be good. */
export class MachineClocks {
  private good = this.read();

  /** What they say now; for {@link hasSteppedSince} and {@link keep}. */
  read(): ClockReading {
    const monotonic = performance.now();
    return { wall: Date.now() - monotonic, uptime: sinceBoot() - monotonic };
  }

  /** Takes a reading for good. */
  keep(reading: ClockReading): void {
    this.good = reading;
  }

  /** Whether the wall clock was set, or the machine slept. */
  hasSteppedSince(reading: ClockReading = this.good): boolean {
    return Math.abs(Date.now() - performance.now() - reading.wall) > APART;
  }

  /** How much a later reading says that the machine slept, in milliseconds; 0 where the system does not tell. */
  slept({ uptime }: ClockReading): number {
    const slept = uptime - this.good.uptime;
    return Number.isNaN(slept) ? 0 : slept;
  }

  /** How far the wall clock has moved beyond the monotonic one, in milliseconds. */
  gained({ wall }: ClockReading): number {
    return wall - this.good.wall;
  }
}

function sinceBoot(): number {
  try {
    return os.uptime() * 1000;
  } catch {
    return Number.NaN;
  }
}
