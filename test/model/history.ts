/** What can happen. The weights make sessions live long enough to be worth looking at. */
const WEIGHTS = {
  login: 8,
  refresh: 16,
  update: 10,
  validate: 8,
  lostReply: 7,
  retry: 8,
  parallel: 5,
  access: 8,
  logout: 2,
  block: 3,
  revokeUser: 2,
  deactivate: 2,
  reactivate: 4,
  remake: 2,
  purge: 3,
  forward: 16,
  back: 4,
} as const;

/** The name of a step. */
export type StepKind = keyof typeof WEIGHTS;

/** A step; what it is about is a number between 0 and 1, so that it means something whatever came before. */
export interface Step {
  kind: StepKind;
  process: 0 | 1;
  who: number;
  which: number;
}

/** How far a clock is set, in milliseconds; around the ends of the grace and of each lifetime. */
const STRIDES = [
  ...[1, 500, 3000, 9997, 9998, 9999, 10_000, 30_000, 61_000, 299_999, 300_000, 301_000, 900_000],
  ...[1_800_000, 2_400_000, 3_600_000, 7_200_000, 100_000_000],
];

/** Short strides are likelier: long ones end everything. */
export function strideOf({ which }: Step): number {
  return STRIDES[Math.floor(which * which * STRIDES.length)] ?? 1;
}

/** mulberry32: the same numbers for the same seed, everywhere. */
export function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

const kinds = Object.entries(WEIGHTS).flatMap(([kind, weight]) => Array<StepKind>(weight).fill(kind as StepKind));

/** The history of a seed. */
export function historyOf(seed: number): Step[] {
  const next = random(seed);
  const length = 10 + Math.floor(next() * 40);
  const steps = Array.from({ length }, (): Step => {
    const kind = kinds[Math.floor(next() * kinds.length)] ?? 'login';
    return { kind, process: next() < 0.5 ? 0 : 1, who: next(), which: next() };
  });
  return [{ kind: 'login', process: 0, who: 0, which: 0 }, ...steps];
}

/** The shortest part of a failing history that still fails, by leaving out one step after the other. */
export async function shrink(steps: Step[], fails: (steps: Step[]) => Promise<boolean>): Promise<Step[]> {
  let shortest = steps;
  for (let again = true; again;) {
    again = false;
    for (let index = shortest.length - 1; index >= 0; index--) {
      const shorter = shortest.toSpliced(index, 1);
      if (!(await fails(shorter))) continue;
      shortest = shorter;
      again = true;
    }
  }
  return shortest;
}
