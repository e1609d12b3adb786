// What a guard costs a request, in process: tokens that it has seen, and tokens that it has not.
import { SECRET, bob, openDatabase, startJwto } from '../support/jwto-app.mjs';
import { assertGuards, callCost } from '../support/in-process.mjs';
import { inTurn, ratioOf, rowsOf } from '../support/measure.mjs';
import { OpenGuard, bareGuard, peerGuards } from '../support/peers.mjs';
import { HeaderValues, forged, tokenMaker } from '../support/tokens.mjs';

const HOT = 4096;
/** As many as stay in the processor's caches. */
const FEW = 512;
const PEER = 'passport-jwt, KeyObject';
const BARE = 'bare HMAC and JSON.parse';

const open = new OpenGuard();

/** How many calls take about this many microseconds. */
async function callsFor(microseconds, guard, values, options) {
  const { cpu } = await callCost(guard, values, { ...options, count: 64 });
  const { cpu: settled } = cpu > 100 ? { cpu } : await callCost(guard, values, { ...options, count: 4096 });
  return Math.max(16, Math.round(microseconds / Math.max(settled, 0.5)));
}

async function checkAll(guards, { tokens, make }, shape) {
  const [good, other, bad] = [make(1), await tokens.issue(bob), make(2)];
  await tokens.revokeSession(other.sid);
  for (const [name, guard] of Object.entries(guards)) {
    const revoked = name.startsWith('jwto') ? other.access : undefined;
    await assertGuards(name, guard, { good, forged: forged(bad), revoked }, shape);
  }
}

/** Tokens that were seen before, in no order. */
export async function warm(guards, { make }, { rounds, slices, slice, shape, hot = HOT, peer = PEER }) {
  const values = new HeaderValues(Array.from({ length: hot }, (_, index) => make(index)));
  const order = Array.from({ length: 16 * hot }, () => Math.floor(Math.random() * hot));
  const caseOf = async (guard, isSlow) => {
    // Every token several times, and the optimizer's thresholds passed.
    await callCost(guard, values, { count: isSlow ? 200 : hot * 8, order, shape });
    const count = await callsFor(slice, guard, values, { order, shape });
    return () => callCost(guard, values, { from: Math.floor(Math.random() * order.length), count, order, shape });
  };
  const cases = {};
  for (const [name, guard] of Object.entries(guards)) cases[name] = await caseOf(guard, name.endsWith('string'));
  const { results } = await inTurn(cases, await caseOf(open, false), { rounds, slices });
  return { rows: rowsOf(results, peer), target: ratioOf(results, 'jwto', peer) };
}

/** Tokens that nobody has seen; every guard gets the same ones. */
export async function unseen(guards, { make }, { rounds, slices, slice, shape, peer = PEER }) {
  const count = Math.max(60, Math.round(slice / 12));
  let values;
  let next = 0;
  const caseOf = (guard, calls) => () => callCost(guard, values, { count: calls, shape });
  const cases = {};
  for (const [name, guard] of Object.entries(guards)) cases[name] = caseOf(guard, name.endsWith('string') ? 16 : count);
  const { results } = await inTurn(cases, caseOf(open, count), { rounds, slices }, () => {
    values = new HeaderValues(Array.from({ length: count }, () => make(next++)));
  });
  const rows = rowsOf(results, peer);
  const target = ratioOf(results, 'jwto', peer);
  if (!(BARE in results)) return { rows, target };
  const ofBare = rows.map((row) => ({ ...row, bare: ratioOf(results, row.name, BARE) }));
  return { rows: ofBare, target, targetOfBare: ratioOf(results, 'jwto', BARE) };
}

async function jwtoPair(settings = {}) {
  const cached = await startJwto(await openDatabase(), settings);
  const uncached = await startJwto(await openDatabase(), { ...settings, tokenCache: false });
  const close = () => Promise.all([cached.close(), uncached.close()]);
  return { cached, uncached, close };
}

export async function guards({ isQuick }) {
  const results = {};
  for (const shape of ['fastify', 'express']) {
    const { cached, uncached, close } = await jwtoPair();
    const make = tokenMaker((await cached.tokens.issue(bob)).access, 'HS256', SECRET);
    const source = { tokens: cached.tokens, make };
    const peers = Object.fromEntries(
      Object.entries(peerGuards(SECRET))
        .filter(([name]) => !isQuick || !name.startsWith('verifyAsync'))
        .map(([name, Guard]) => [name, new Guard()]),
    );
    const ours = { jwto: cached.guard, 'jwto, tokenCache: false': uncached.guard };
    const all = { ...ours, ...peers };
    await checkAll({ jwto: cached.guard, ...peers }, source, shape);
    const size = isQuick
      ? { rounds: 7, slices: 1, slice: 16_000, shape }
      : { rounds: 41, slices: 1, slice: 40_000, shape };
    results[shape] = { warm: await warm(all, source, size) };
    results[shape].few = await warm({ ...ours, [PEER]: peers[PEER] }, source, { ...size, hot: FEW });
    const Bare = bareGuard(SECRET);
    const bare = { [BARE]: new Bare() };
    results[shape].unseen = await unseen({ ...all, ...bare }, source, {
      ...size,
      slices: isQuick ? 2 : 6,
      slice: 8000,
    });
    await close();
  }
  return results;
}
