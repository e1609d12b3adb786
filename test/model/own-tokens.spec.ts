import { execFileSync } from 'node:child_process';
import { jwtVerify } from 'jose';
import jsonwebtoken from 'jsonwebtoken';
import { verifyJws } from 'jwto/jws';
import { afterEach, describe, expect, it } from 'vitest';
import { Random } from '../../fuzz/grammar/random.mjs';
import { segment, type Members } from '../support/forge.js';
import { ALGORITHMS, jwkOf, makeKeys, pemOf } from '../support/keys.js';
import { startApp, type TestApp } from '../support/test-app.js';

const SEED = Number(process.env['DIFFERENTIAL_SEED'] ?? 20_261_123);
const USERS = 25;
/** A Python that has PyJWT. */
const PYTHON = process.env['TEST_PYTHON'] ?? '';
const PIECES = [
  'a',
  'Zoë',
  '😀',
  '"',
  '\\',
  '\u2028',
  '\u0000',
  '\u007f',
  ' ',
  '.',
  '=',
  '+/',
  'ß',
  '\u202e',
  'null',
  '{}',
];

/** Reads tokens with their keys, and prints the claims of each as PyJWT understands them. */
const SCRIPT = `
import json, sys, jwt
from jwt.algorithms import OKPAlgorithm
jwt.register_algorithm('Ed25519', OKPAlgorithm())
def key(entry):
    return jwt.utils.base64url_decode(entry['secret'].encode()) if 'secret' in entry else entry['pem']
print(json.dumps([jwt.decode(e['token'], key(e), algorithms=[e['algorithm']], options={'verify_aud': False}) for e in json.load(sys.stdin)]))
`;

let test: TestApp;
afterEach(() => test.close());

function oddText(random: Random): string {
  return Array.from({ length: 1 + random.below(6) }, () => random.pick(PIECES)).join('');
}

/** Tokens of both types, for users with odd names and permissions, and the claims that they were made of. */
async function issueTokens(random: Random): Promise<{ token: string; claims: Members }[]> {
  const tokens = [];
  for (let count = 0; count < USERS; count++) {
    const perms = Array.from({ length: random.below(5) }, () => oddText(random));
    const user = { id: random.chance(0.5) ? count : `u${oddText(random)}`, username: oddText(random), perms };
    const { access, refresh, accessClaims, refreshClaims } = await test.tokens.issue(user);
    tokens.push({ token: access, claims: { ...accessClaims } }, { token: refresh, claims: { ...refreshClaims } });
  }
  return tokens;
}

describe.each(ALGORITHMS)('our own tokens by %s, seed ' + String(SEED), (algorithm) => {
  const { signing, verifying } = makeKeys(algorithm);

  it.each(['JWT', 'at+jwt'] as const)('are what others verify, with the same claims: typ %s', async (headerType) => {
    test = await startApp({ options: { algorithm, signingKey: signing, headerType } });
    const tokens = await issueTokens(new Random(SEED));
    for (const { token, claims } of tokens) {
      expect((await jwtVerify(token, verifying, { algorithms: [algorithm] })).payload).toEqual(claims);
      const { header, payload } = verifyJws(token, { algorithm, verifyingKey: verifying });
      expect(JSON.parse(Buffer.from(payload).toString())).toEqual(claims);
      // One spelling: header and claims are written as compact JSON in UTF-8.
      expect(token.split('.').slice(0, 2)).toEqual([segment(header), segment(claims)]);
      if (algorithm.startsWith('Ed')) continue;
      const algorithms = [algorithm as jsonwebtoken.Algorithm];
      expect(jsonwebtoken.verify(token, verifying, { algorithms })).toEqual(claims);
    }
  });

  it.runIf(PYTHON !== '')('are what PyJWT verifies, with the same claims', async () => {
    test = await startApp({ options: { algorithm, signingKey: signing } });
    const tokens = await issueTokens(new Random(SEED));
    const key = verifying.type === 'secret' ? { secret: jwkOf(verifying).k } : { pem: pemOf(verifying) };
    const input = JSON.stringify(tokens.map(({ token }) => ({ token, algorithm, ...key })));
    const output = execFileSync(PYTHON, ['-c', SCRIPT], { input, encoding: 'utf8' });
    expect(JSON.parse(output)).toEqual(tokens.map(({ claims }) => claims));
  });
});
