// One process of the memory part: `tokens` keeps so many verified tokens, `revocations` the copy of a database's.
import { performance } from 'node:perf_hooks';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { callCost } from '../support/in-process.mjs';
import { RevocationCheck, SECRET, bob, openDatabase, startJwto } from '../support/jwto-app.mjs';
import { quantile } from '../support/measure.mjs';
import { OpenGuard } from '../support/peers.mjs';
import { HeaderValues, tokenMaker } from '../support/tokens.mjs';

const CHUNK = 1000;
const CALLS = 5000;

async function inUse() {
  for (let time = 0; time < 4; time++) {
    globalThis.gc();
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return { heap: heapUsed, outside: external };
}

/** Microseconds of the guard for tokens of all chunks, in no order. */
async function guardCost(guard, chunks) {
  const costs = [];
  for (let time = 0; time < 15; time++) {
    const cost = async (one) => {
      let sum = 0;
      for (let part = 0; part < CALLS / 100; part++) {
        const values = chunks[Math.floor(Math.random() * chunks.length)];
        const from = Math.floor(Math.random() * (values.count - 100));
        const { cpu } = await callCost(one, values, { from, count: 100 });
        sum += cpu * 100;
      }
      return sum / CALLS;
    };
    costs.push((await cost(guard)) - (await cost(new OpenGuard())));
  }
  return quantile(costs, 0.5);
}

/** The guard sees `count` tokens, each three times: an instance may keep a token only when it comes again. */
async function tokens({ count, limits }) {
  const { guard, tokens: service } = await startJwto(await openDatabase(), limits && { tokenCache: limits });
  const make = tokenMaker((await service.issue(bob)).access, 'HS256', SECRET);
  const chunks = [];
  const chunkOf = (size, from) => new HeaderValues(Array.from({ length: size }, (_, index) => make(from + index)));
  for (let done = 0; done < count; done += CHUNK) {
    const values = chunkOf(Math.min(CHUNK, count - done), done);
    for (let time = 0; time < 3; time++) await callCost(guard, values, { count: values.count });
    chunks.push(values);
  }
  // With none, the code is compiled and the cache's block made all the same.
  if (count === 0) await callCost(guard, chunkOf(CHUNK, 0), { count: CHUNK });
  const { heap, outside } = await inUse();
  const own = chunks.reduce((sum, { bytes, ends }) => sum + bytes.byteLength + ends.byteLength, 0);
  const cost = count === 0 ? undefined : await guardCost(guard, chunks);
  return { heap, outside: outside - own, guard: cost };
}

/** The copy after the first read of the whole and a poll. */
async function revocations({ options }) {
  const { app, guard, tokens: service } = await startJwto(await openDatabase(options));
  const make = tokenMaker((await service.issue(bob)).access, 'HS256', SECRET);
  await sleep(1500);
  const memory = await inUse();
  const replica = app.get(RevocationCheck);
  const reads = [];
  for (let time = 0; time < 5; time++) {
    const before = performance.now();
    await replica.parts.feed.read(0, Date.now());
    reads.push(performance.now() - before);
  }
  const values = new HeaderValues(Array.from({ length: 512 }, (_, index) => make(index)));
  await callCost(guard, values, { count: 512 });
  return { ...memory, size: replica.size, read: quantile(reads, 0.5), guard: await guardCost(guard, [values]) };
}

const { job, ...task } = JSON.parse(process.argv[2]);
process.send(await { tokens, revocations }[job](task), () => process.exit());
