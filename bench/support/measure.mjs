// How everything here is measured: CPU time of the process, in short slices of one case after the other, the order new
// in each round. A ratio is the median of the rounds' ratios, so that what the machine does meanwhile meets both sides.
import { setImmediate as turn } from 'node:timers/promises';

/** User and system CPU of this process so far, its threads included, in microseconds. */
export function cpu() {
  const { user, system } = process.cpuUsage();
  return user + system;
}

/** The value below which this part of the numbers lies. */
export function quantile(numbers, part) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const position = (sorted.length - 1) * part;
  const below = Math.floor(position);
  const next = sorted[Math.min(below + 1, sorted.length - 1)];
  return sorted[below] + (next - sorted[below]) * (position - below);
}

/** Median and quartiles. */
export function summary(numbers) {
  return { median: quantile(numbers, 0.5), low: quantile(numbers, 0.25), high: quantile(numbers, 0.75) };
}

/** The same list in a random order. */
export function shuffled(list) {
  const result = [...list];
  for (let index = result.length - 1; index > 0; index--) {
    const other = Math.floor(Math.random() * (index + 1));
    [result[index], result[other]] = [result[other], result[index]];
  }
  return result;
}

const mean = (numbers) => numbers.reduce((sum, number) => sum + number, 0) / numbers.length;

/**
 * Runs the cases in turn and before and after each the one that all are compared with, so that what drifts drifts for
 * both. A round is a number of short slices of every case; what a round costs is their mean, garbage collection too.
 *
 * @param cases - by name, functions that give `cpu`, the microseconds of one call, and perhaps `speed`, calls a second
 * @param empty - the same for a call without a guard
 * @returns by name, for each round: `net`, the microseconds more than the empty one, and `speed`, the part of its speed
 */
export async function inTurn(cases, empty, { rounds, slices }, beforeRound = () => undefined) {
  const results = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
  const empties = [];
  // The first round warms up; it does not count.
  for (let round = -1; round < rounds; round++) {
    const parts = Object.fromEntries(Object.keys(cases).map((name) => [name, []]));
    const bases = [];
    for (let slice = 0; slice < slices; slice++) {
      await beforeRound();
      let before = await empty();
      for (const name of shuffled(Object.keys(cases))) {
        const own = await cases[name]();
        await turn();
        const after = await empty();
        await turn();
        const net = own.cpu - mean([before.cpu, after.cpu]);
        parts[name].push({ net, speed: own.speed / mean([before.speed, after.speed]) });
        bases.push(after.cpu);
        before = after;
      }
    }
    if (round < 0) continue;
    empties.push(mean(bases));
    for (const [name, list] of Object.entries(parts))
      results[name].push({ net: mean(list.map(({ net }) => net)), speed: mean(list.map(({ speed }) => speed)) });
  }
  return { results, empty: summary(empties) };
}

/** The rounds' ratios of two cases, and the ratio of their medians. */
export function ratioOf(results, name, peer) {
  const ratios = results[name].map(({ net }, round) => net / results[peer][round].net);
  const median = (of) =>
    quantile(
      results[of].map(({ net }) => net),
      0.5,
    );
  return { ...summary(ratios), ofMedians: median(name) / median(peer) };
}

/** A row for each case: what it costs, and what part that is of a peer's cost. */
export function rowsOf(results, peer) {
  return Object.entries(results).map(([name, rounds]) => ({
    name,
    cost: summary(rounds.map(({ net }) => net)),
    speed: summary(rounds.map(({ speed }) => speed)),
    ratio: ratioOf(results, name, peer),
  }));
}
