// npm run fuzz -- --minutes 10 --seed 1
//
// Sends requests made by a grammar, and by crossing those that showed something new, to applications on Express and
// Fastify in a process of their own; and gives such input to the parsers directly. What is new is told by V8's block
// coverage of the built package and by route, status and code. Fails for an exception that is no refusal of the contract,
// a 500, an answer in another form, a forged token that gets in, one that takes over 50 ms each of four times, a process
// that dies, and memory that grows.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { performance } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import { Random } from './grammar/random.mjs';
import { anyRequest, crossRequests } from './grammar/requests.mjs';
import { behaviourOf } from './support/oracle.mjs';
import { sendRound, tookOf } from './support/round.mjs';
import { signIn } from './support/sessions.mjs';

if (!existsSync(new URL('../dist/index.js', import.meta.url))) {
  console.error('There is no dist: run `npm run build` first. The fuzzer runs the built package.');
  process.exit(1);
}
const { keyFor, PARSERS, tryParser } = await import('./support/direct.mjs');

const { values } = parseArgs({ options: { minutes: { type: 'string' }, seed: { type: 'string' } } });
const minutes = Number(values.minutes ?? 10);
const seed = Number(values.seed ?? Date.now() % 2 ** 32);
if (!(minutes > 0) || !Number.isInteger(seed)) throw new Error('--minutes and --seed are numbers');

const SECRET = 'a-signing-key-of-32-bytes-and-more';
/** Bytes that the heap may grow by after the first fifth of the run. */
const GROWTH = 48 * 2 ** 20;
const ROUNDS = 16;
const PARSED = 150;

const random = new Random(seed);
const corpus = [];
const behaviours = new Set();
const problems = new Map();
const counts = { requests: 0, answers: 0, byNode: 0, parsed: 0, blocks: 0 };
const times = [];
let slowest = { took: 0, behaviour: '' };

const server = fork(
  new URL('./support/server.mjs', import.meta.url),
  [SECRET, 'JSON,ONE-COOKIE,TWO-COOKIES', 'TWO-COOKIES'],
  {
    execArgv: ['--expose-gc', '--max-http-header-size=262144'],
  },
);
let isAlive = true;
server.on('exit', (code, signal) => {
  isAlive = false;
  if (!isDone) note('the process died', `${code} ${signal}`);
});
server.on('message', ({ escaped }) => {
  if (escaped !== undefined) note('an exception escaped', escaped);
});
let isDone = false;
const { apps } = (await once(server, 'message'))[0];
console.log(`seed ${seed}, ${minutes} min, ${apps.map(({ name }) => name).join('; ')}`);

function note(what, detail) {
  const key = what.replace(/[\d.]+/g, '#');
  if (!problems.has(key)) console.error(`PROBLEM ${what}\n  ${detail}`);
  problems.set(key, (problems.get(key) ?? 0) + 1);
}

async function ask(question) {
  server.send(question);
  for (;;) {
    const [message] = await once(server, 'message');
    if (question in message) return message[question];
  }
}

/** One behind the other, most often a single one. */
function nextRequests(target) {
  const length = random.chance(0.9) ? 1 : 2 + random.below(4);
  return Array.from({ length }, () =>
    corpus.length > 20 && random.chance(0.5)
      ? crossRequests(random, random.pick(corpus), random.pick(corpus), target)
      : anyRequest(random, target),
  );
}

function keep(request) {
  if (request.body.length > 20_000) return;
  if (corpus.length < 3000) corpus.push(request);
  else corpus[random.below(corpus.length)] = request;
}

async function fuzzApp({ name, port }, target) {
  const tried = [];
  for (let round = 0; round < ROUNDS && isAlive; round++) {
    const requests = nextRequests(target);
    counts.requests += requests.length;
    for (const { request, answer, complaints } of await sendRound(port, requests, target)) {
      for (const complaint of complaints) note(`${name}: ${complaint}`, JSON.stringify(request).slice(0, 3000));
      if (answer === undefined) continue;
      counts.answers++;
      const took = tookOf(answer);
      const behaviour = `${name} ${behaviourOf(request, answer)}`;
      if (took === undefined) counts.byNode++;
      else if (times.length < 2_000_000) times.push(took);
      if (took > slowest.took) slowest = { took, behaviour };
      if (!behaviours.has(behaviour)) keep(request);
      behaviours.add(behaviour);
      tried.push(request);
    }
  }
  return tried;
}

async function turn() {
  for (const app of apps) {
    // Tokens end by the requests themselves; new ones reach what lies behind the signature.
    const target = { ...(await signIn(app.port, SECRET, app.modes)), key: keyFor(SECRET) };
    for (let batch = 0; batch < 12; batch++) {
      const tried = (await Promise.all(Array.from({ length: 4 }, () => fuzzApp(app, target)))).flat();
      const { fresh, all } = await ask('coverage');
      counts.blocks = all;
      if (fresh > 0) for (let count = 0; count < 3 && tried.length > 0; count++) keep(random.pick(tried));
      for (const parser of Object.keys(PARSERS)) await parse(parser, target);
    }
  }
}

async function parse(parser, target) {
  for (let count = 0; count < PARSED; count++) {
    const problem = await tryParser(parser, random, target);
    counts.parsed++;
    if (problem !== undefined) note(problem.split('\n')[0], problem);
  }
}

const begin = performance.now();
const end = begin + minutes * 60_000;
let baseline;
let memory;
let reported = begin;
while (performance.now() < end && isAlive) {
  await turn();
  memory = await ask('memory');
  if (baseline === undefined && performance.now() > begin + minutes * 12_000) baseline = memory;
  if (performance.now() - reported > 60_000) {
    reported = performance.now();
    console.log(
      JSON.stringify({ ...counts, behaviours: behaviours.size, corpus: corpus.length, heap: memory.heapUsed }),
    );
  }
}
if (baseline !== undefined && memory.heapUsed + memory.external > baseline.heapUsed + baseline.external + GROWTH) {
  note('memory grows', JSON.stringify({ baseline, memory }));
}
isDone = true;
server.disconnect();

times.sort((a, b) => a - b);
const quantile = (part) => times[Math.floor(part * (times.length - 1))];
console.log(`${JSON.stringify({ ...counts, behaviours: behaviours.size, corpus: corpus.length })}
answers in ms: median ${quantile(0.5)}, 99 % ${quantile(0.99)}, 99.9 % ${quantile(0.999)}, slowest ${slowest.took} (${slowest.behaviour}; asked again)
memory ${JSON.stringify({ baseline, memory })}
${problems.size === 0 ? 'no problem' : `${problems.size} PROBLEMS (seed ${seed})\n${[...problems].map(([what, count]) => `${count} × ${what}`).join('\n')}`}`);
process.exitCode = problems.size === 0 ? 0 : 1;
