// Where a guard spends its time: `node bench/profile.mjs warm` or `unseen`, and perhaps `express`.
import { Session } from 'node:inspector/promises';
import { callCost } from './support/in-process.mjs';
import { SECRET, bob, openDatabase, startJwto } from './support/jwto-app.mjs';
import { OpenGuard } from './support/peers.mjs';
import { shuffled } from './support/measure.mjs';
import { HeaderValues, tokenMaker } from './support/tokens.mjs';

const [kind = 'warm', shape = 'fastify'] = process.argv.slice(2);
const SHOWN = 25;
const [tokens, calls] = kind === 'warm' ? [4096, 1_500_000] : [320_000, 300_000];
const WARM_UP = 20_000;

const { guard, tokens: service, close } = await startJwto(await openDatabase());
const make = tokenMaker((await service.issue(bob)).access, 'HS256', SECRET);
const values = new HeaderValues(Array.from({ length: tokens }, (_, index) => make(index)));
const order = kind === 'warm' ? shuffled(Array.from({ length: tokens }, (_, index) => index)) : undefined;
await callCost(guard, values, { count: WARM_UP, order, shape });
const { cpu: harness } = await callCost(new OpenGuard(), values, { count: WARM_UP, order, shape });

const session = new Session();
session.connect();
await session.post('Profiler.enable');
await session.post('Profiler.setSamplingInterval', { interval: 200 });
await session.post('Profiler.start');
const { cpu } = await callCost(guard, values, { from: WARM_UP, count: calls, order, shape });
const { profile } = await session.post('Profiler.stop');

const frames = new Map(profile.nodes.map(({ id, callFrame }) => [id, callFrame]));
const self = new Map();
profile.samples.forEach((id, index) => {
  const { functionName, url, lineNumber } = frames.get(id);
  const name = `${functionName || '(anonymous)'} ${url.split('/').slice(-2).join('/')}:${lineNumber + 1}`;
  self.set(name, (self.get(name) ?? 0) + profile.timeDeltas[index]);
});
const total = [...self.values()].reduce((sum, time) => sum + time, 0);
console.log(`${kind}, ${shape}: ${cpu.toFixed(2)} µs a call, of which the harness is ${harness.toFixed(2)}`);
for (const [name, time] of [...self].sort(([, one], [, other]) => other - one).slice(0, SHOWN))
  console.log(`${((time / total) * cpu).toFixed(3).padStart(8)} µs  ${name}`);
await close();
