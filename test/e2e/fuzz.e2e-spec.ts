import type { Server } from 'node:http';
import { createSecretKey } from 'node:crypto';
import { JwtoError, verifyJws, type JwsKey } from 'jwto/jws';
import { describe, expect, it } from 'vitest';
import { Random } from '../../fuzz/grammar/random.mjs';
import { anyRequest, crossRequests, type FuzzRequest } from '../../fuzz/grammar/requests.mjs';
import { draftHeader, draftPayload, respell } from '../../fuzz/grammar/tokens.mjs';
import { behaviourOf } from '../../fuzz/support/oracle.mjs';
import { sendRound } from '../../fuzz/support/round.mjs';
import { signIn } from '../../fuzz/support/sessions.mjs';
import { timeAnswers } from '../../fuzz/support/stopwatch.mjs';
import { ADAPTERS } from '../support/adapters.js';
import { forge } from '../support/forge.js';
import { SIGNING_KEY, startApp } from '../support/test-app.js';

/** A short and repeatable piece of what `npm run fuzz` does for minutes. */
const SEED = Number(process.env['FUZZ_SEED'] ?? 20_261_123);
const ROUNDS = 80;
const AT_ONCE = 8;
const TOKENS = 10_000;
const MODES = ['JSON', 'ONE-COOKIE', 'TWO-COOKIES'] as const;

/** What a run of this length meets on each adapter; without it the run would show nothing. */
const REACHED = [
  ...['request_invalid', 'credentials_missing', 'token_missing', 'token_malformed', 'token_invalid'],
  ...['token_wrong_type', 'csrf_origin', 'csrf_missing', 'csrf_mismatch', 'worked!', 'msg'],
];
const BEHAVIOURS = 80;

describe.each(ADAPTERS)('%s, fuzzed with seed ' + String(SEED), (_name, adapter) => {
  it('answers everything in the form of the contract, and soon', async () => {
    const test = await startApp({ adapter, options: { mode: [...MODES] } });
    const server = test.app.getHttpServer() as Server;
    timeAnswers(server);
    const port = Number(new URL(test.url).port);
    const random = new Random(SEED);
    const corpus: FuzzRequest[] = [];
    const behaviours = new Set<string>();
    const problems: object[] = [];
    let target = await signIn(port, SIGNING_KEY, MODES);
    for (let round = 0; round < ROUNDS; round++) {
      // Logouts among the requests end sessions; new ones reach what lies behind the signature.
      if (round % 8 === 7) target = await signIn(port, SIGNING_KEY, MODES);
      const requests = Array.from({ length: AT_ONCE }, () =>
        corpus.length > 20 && random.chance(0.3)
          ? crossRequests(random, random.pick(corpus), random.pick(corpus), target)
          : anyRequest(random, target),
      );
      const results = await Promise.all(requests.map((request) => sendRound(port, [request], target)));
      for (const { request, answer, complaints } of results.flat()) {
        if (complaints.length > 0)
          problems.push({ round, complaints, request: JSON.stringify(request).slice(0, 2000) });
        if (answer === undefined) continue;
        const behaviour = behaviourOf(request, answer);
        if (!behaviours.has(behaviour)) corpus.push(request);
        behaviours.add(behaviour);
      }
    }
    await test.close();
    expect(problems).toEqual([]);
    const seen = [...behaviours].join('\n');
    expect(REACHED.filter((what) => !seen.includes(` ${what}`))).toEqual([]);
    expect(behaviours.size).toBeGreaterThan(BEHAVIOURS);
  });
});

describe('verifyJws, fuzzed with seed ' + String(SEED), () => {
  it('gives a payload or a refusal of the contract', () => {
    const random = new Random(SEED);
    const key: JwsKey = { algorithm: 'HS256', verifyingKey: createSecretKey(SIGNING_KEY, 'utf8') };
    const claims = { sid: 'a', type: 'access', exp: 2e9, user: { id: 1, username: 'é' } };
    const outcomes = new Map<string, number>();
    for (let count = 0; count < TOKENS; count++) {
      let token = forge(draftPayload(random, claims), draftHeader(random, 'HS256'));
      if (random.chance(0.4)) token = respell(random, token);
      const outcome = outcomeOf(token, key);
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    }
    expect([...outcomes.keys()].sort()).toEqual(['token_invalid', 'token_malformed', 'verified']);
    expect(Math.min(...outcomes.values())).toBeGreaterThan(TOKENS / 20);
  });
});

function outcomeOf(token: string, key: JwsKey): string {
  try {
    verifyJws(token, key);
    return 'verified';
  } catch (error) {
    return error instanceof JwtoError ? error.code : String(error);
  }
}
