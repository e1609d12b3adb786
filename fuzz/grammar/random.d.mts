export declare class Random {
  readonly seed: number;
  constructor(seed: number);
  next(): number;
  below(limit: number): number;
  chance(probability: number): boolean;
  pick<T>(list: readonly T[]): T;
}
