import { jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { JwtoError, type Algorithm } from 'jwto';
import { afterEach, describe, expect, it } from 'vitest';
import { Random } from '../../fuzz/grammar/random.mjs';
import { draftHeader, draftPayload } from '../../fuzz/grammar/tokens.mjs';
import { claimsOf, segment, type Members } from '../support/forge.js';
import { makeKeys } from '../support/keys.js';
import { signInput } from '../support/sign-jws.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { CLAIM_RULES, type ClaimRule } from './differential/claim-rules.js';
import { readToken } from './differential/token-facts.js';

/** As in the differential test of `verifyJws`. */
const SEED = Number(process.env['DIFFERENTIAL_SEED'] ?? 20_261_123);
const PLAN = { HS256: 14_000, EdDSA: 3_000, ES256: 3_000 } as const;
/** What a token says of time, near the edges, in seconds from now. */
const EDGES = [-86_400, -61, -60, -1, -0.5, 0, 0.5, 1, 59, 60, 61, 86_400, 1e12];

let test: TestApp;
afterEach(() => test.close());

/** The claims of a token of ours, with one or more of their members changed. */
function changed(random: Random, claims: Members, now: number): Buffer {
  if (random.chance(0.6)) return draftPayload(random, claims);
  const name = random.pick(['exp', 'nbf', 'iat', 'auth_time', 'refresh_iat']);
  const edge = now + random.pick(EDGES);
  const value: unknown = random.chance(0.8) ? edge : random.pick([String(edge), [edge], null, true, -1, -edge]);
  return Buffer.from(JSON.stringify({ ...claims, [name]: value }));
}

async function takes(verify: () => unknown): Promise<boolean> {
  try {
    await verify();
    return true;
  } catch (error) {
    if (error instanceof JwtoError && error.getStatus() !== 401) throw error;
    return false;
  }
}

/** `EdDSA` and `Ed25519` are two names of one algorithm (RFC 9864 §2.2). */
const namesOf = (algorithm: Algorithm): string[] => (algorithm === 'EdDSA' ? ['EdDSA', 'Ed25519'] : [algorithm]);

describe('TokenService.verify against jwtVerify of jose and verify of jsonwebtoken, seed ' + String(SEED), () => {
  it.each(Object.entries(PLAN) as [Algorithm, number][])(
    '%s: every disagreement has its rule',
    async (algorithm, tokens) => {
      const random = new Random(SEED);
      const { signing, verifying } = makeKeys(algorithm);
      test = await startApp({ options: { algorithm, signingKey: signing } });
      test.clock.time = Math.floor(test.clock.time / 1000) * 1000;
      const now = test.clock.time / 1000;
      const { access } = await test.tokens.issue(test.users.named('bob'));
      const met = new Map<ClaimRule, number>();
      const unexplained: object[] = [];
      let taken = 0;
      for (let count = 0; count < tokens; count++) {
        const header = random.chance(0.8) ? { alg: algorithm } : draftHeader(random, algorithm);
        const input = `${segment(header)}.${segment(changed(random, claimsOf(access), now))}`;
        const token = `${input}.${signInput(input, signing, algorithm).toString('base64url')}`;
        const own = await takes(() => test.tokens.verify(token));
        const facts = readToken(token);
        if (own) {
          taken++;
          // A rule refuses by itself, whatever the others think of the token.
          const broken = CLAIM_RULES.find((rule) => rule.holds(facts, now));
          if (broken !== undefined) unexplained.push({ seed: SEED, taken: broken.name, ...facts });
        }
        const peers = {
          jose: await takes(() =>
            jwtVerify(token, verifying, { algorithms: namesOf(algorithm), currentDate: new Date(test.clock.time) }),
          ),
          jsonwebtoken:
            algorithm === 'EdDSA'
              ? own
              : await takes(() =>
                  jsonwebtoken.verify(token, verifying, {
                    algorithms: [algorithm as jsonwebtoken.Algorithm],
                    clockTimestamp: now,
                  }),
                ),
        };
        for (const [peer, theirs] of Object.entries(peers)) {
          if (theirs === own) continue;
          const rule = CLAIM_RULES.find((each) => !own && each.holds(facts, now));
          if (rule === undefined) unexplained.push({ seed: SEED, peer, own, theirs, ...facts });
          else met.set(rule, (met.get(rule) ?? 0) + 1);
        }
      }
      expect(unexplained.slice(0, 3)).toEqual([]);
      expect(taken).toBeGreaterThan(tokens / 20);
      if (process.env['DIFFERENTIAL_TABLE'] !== undefined) {
        console.table(CLAIM_RULES.map((rule) => [rule.name, met.get(rule) ?? 0]));
      }
      if (algorithm === 'HS256')
        expect(CLAIM_RULES.filter((rule) => !met.has(rule)).map(({ name }) => name)).toEqual([]);
    },
  );
});
