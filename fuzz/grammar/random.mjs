/** A seeded generator of numbers (mulberry32): the same seed gives the same run everywhere. */
export class Random {
  #state;

  /** @param {number} seed */
  constructor(seed) {
    this.seed = seed >>> 0;
    this.#state = this.seed;
  }

  /** From 0 up to, not including, 1. */
  next() {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from 0 up to, not including, the limit. */
  below(limit) {
    return Math.floor(this.next() * limit);
  }

  /** Whether something of this probability happens. */
  chance(probability) {
    return this.next() < probability;
  }

  /** One of a list. */
  pick(list) {
    return list[this.below(list.length)];
  }
}
