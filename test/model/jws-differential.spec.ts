import type { Algorithm, JwsKey } from 'jwto/jws';
import { describe, expect, it } from 'vitest';
import { Random } from '../../fuzz/grammar/random.mjs';
import { candidate, makeSuite } from './differential/candidates.js';
import { explain, RULES } from './differential/rules.js';
import { jose, ours, viaJsonwebtoken, type Verdict } from './differential/verdicts.js';

/** Another one with DIFFERENTIAL_SEED=…; keys are new each time, and mutations the same. */
const SEED = Number(process.env['DIFFERENTIAL_SEED'] ?? 20_261_123);
const ALL = 100_000;

/** How many different tokens, and what part of them is signed anew: slow algorithms get fewer. */
const PLAN: Readonly<Record<Algorithm, readonly [tokens: number, fresh: number]>> = {
  HS256: [22_000, 0.5],
  HS384: [13_000, 0.5],
  HS512: [13_000, 0.5],
  EdDSA: [10_000, 0.4],
  Ed25519: [9_000, 0.4],
  ES256: [11_000, 0.4],
  ES384: [1_500, 0.3],
  ES512: [1_500, 0.3],
  RS256: [6_000, 0.1],
  RS384: [3_000, 0.1],
  RS512: [3_000, 0.1],
  PS256: [3_500, 0.1],
  PS384: [2_000, 0.1],
  PS512: [2_000, 0.1],
};

interface Outcome {
  tokens: number;
  taken: number;
  /** How often each rule explained a disagreement. */
  explained: Map<string, number>;
  unexplained: object[];
}

/** Ours against jose and jsonwebtoken, over mutated tokens of one algorithm. */
async function compare(algorithm: Algorithm, tokens: number, fresh: number): Promise<Outcome> {
  const random = new Random(SEED + Object.keys(PLAN).indexOf(algorithm));
  const suite = makeSuite(random, algorithm);
  const { verifying } = suite.keys;
  const key: JwsKey = { algorithm, verifyingKey: verifying };
  const seen = new Set<string>();
  const outcome: Outcome = { tokens: 0, taken: 0, explained: new Map(), unexplained: [] };
  while (seen.size < tokens) {
    const token = candidate(random, suite, fresh);
    if (seen.has(token)) continue;
    seen.add(token);
    const own = ours(token, key);
    if (own.ok) outcome.taken++;
    const others = [
      ['jose', await jose(token, verifying, algorithm)],
      ['jsonwebtoken', viaJsonwebtoken(token, verifying, algorithm)],
    ] as const;
    for (const [peer, other] of others) {
      const rule = explain(token, algorithm, own, peer, other);
      if (rule === undefined)
        outcome.unexplained.push({ seed: SEED, algorithm, token, own: shown(own), [peer]: shown(other) });
      else if (rule !== 'agree') outcome.explained.set(rule.name, (outcome.explained.get(rule.name) ?? 0) + 1);
    }
  }
  outcome.tokens = seen.size;
  return outcome;
}

function shown(verdict: Verdict): string {
  return verdict.ok ? `takes it: ${JSON.stringify(verdict.header)} ${String(verdict.payload)}` : verdict.why;
}

describe('verifyJws against jose and jsonwebtoken, seed ' + String(SEED), () => {
  const outcomes: Outcome[] = [];

  it.each(Object.entries(PLAN) as [Algorithm, readonly [number, number]][])(
    '%s: every disagreement has its rule',
    async (algorithm, [tokens, fresh]) => {
      const outcome = await compare(algorithm, tokens, fresh);
      outcomes.push(outcome);
      expect(outcome.unexplained.slice(0, 5)).toEqual([]);
      // Neither all good nor all bad, or nothing would be compared.
      expect(outcome.taken / outcome.tokens).toBeGreaterThan(0.03);
      expect(outcome.taken / outcome.tokens).toBeLessThan(0.7);
    },
  );

  it(`met ${String(ALL)} tokens and each of the rules`, () => {
    expect(outcomes.reduce((sum, { tokens }) => sum + tokens, 0)).toBeGreaterThanOrEqual(ALL);
    const met = new Map(
      RULES.map(({ name }) => [name, outcomes.reduce((sum, { explained }) => sum + (explained.get(name) ?? 0), 0)]),
    );
    if (process.env['DIFFERENTIAL_TABLE'] !== undefined) console.table([...met]);
    expect([...met].filter(([, times]) => times === 0)).toEqual([]);
  });
});
