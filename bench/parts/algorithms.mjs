// Guards of the asymmetric algorithms, in process.
import { createPublicKey, generateKeyPairSync } from 'node:crypto';
import { bob, openDatabase, startJwto } from '../support/jwto-app.mjs';
import { assertGuards } from '../support/in-process.mjs';
import { joseGuard, passportGuard } from '../support/peers.mjs';
import { forged, tokenMaker } from '../support/tokens.mjs';
import { unseen, warm } from './guards.mjs';

const KEYS = {
  RS256: () => generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  ES256: () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey,
  EdDSA: () => generateKeyPairSync('ed25519').privateKey,
};

async function measure(algorithm, isQuick) {
  const signing = KEYS[algorithm]();
  const verifying = createPublicKey(signing);
  const { guard, tokens, close } = await startJwto(await openDatabase(), { signingKey: signing, algorithm });
  const Jose = joseGuard(verifying, algorithm);
  const guards = { jwto: guard, 'jose, KeyObject': new Jose() };
  // jsonwebtoken, and so passport-jwt, has no EdDSA.
  const hasPassport = algorithm !== 'EdDSA';
  if (hasPassport) {
    const Passport = passportGuard(`jwt-${algorithm}`, verifying, algorithm);
    guards['passport-jwt, KeyObject'] = new Passport();
  }
  const make = tokenMaker((await tokens.issue(bob)).access, algorithm, signing);
  const [good, bad] = [make(1), forged(make(2))];
  const other = await tokens.issue(bob);
  await tokens.revokeSession(other.sid);
  for (const [name, one] of Object.entries(guards)) {
    const revoked = name === 'jwto' ? other.access : undefined;
    await assertGuards(name, one, { good, forged: bad, revoked });
  }
  const peer = hasPassport ? 'passport-jwt, KeyObject' : 'jose, KeyObject';
  const size = isQuick ? { rounds: 7, slices: 1 } : { rounds: 21, slices: 2 };
  const options = { ...size, peer, shape: 'express', hot: 512 };
  const result = {
    algorithm,
    peer,
    warm: await warm(guards, { make }, { ...options, slice: isQuick ? 8000 : 20_000 }),
  };
  result.unseen = await unseen(guards, { make }, { ...options, slice: isQuick ? 1200 : 2400 });
  await close();
  return result;
}

export async function algorithms({ isQuick }) {
  const rows = [];
  for (const algorithm of Object.keys(KEYS)) rows.push(await measure(algorithm, isQuick));
  return { rows };
}
