// What a guard costs over HTTP: the server's CPU for a request, and requests a second, against the same route unguarded.
import { fileURLToPath } from 'node:url';
import { performance } from 'node:perf_hooks';
import { makeDatabase } from '../support/databases.mjs';
import { PRESENTABLE, fill } from '../support/fill.mjs';
import { HttpClient, requestText } from '../support/http-client.mjs';
import { inTurn, ratioOf, rowsOf } from '../support/measure.mjs';
import { ask, ended, messageOf, start } from '../support/processes.mjs';

const SERVER = fileURLToPath(new URL('./http-server.mjs', import.meta.url));
const CONNECTIONS = 32;
/** So many revocations are in force, and in the copy that jwto's guard asks. */
const LIVE = 1000;
/** Unguarded, in an application that does not have jwto. */
const WITHOUT = 'no guard, and no jwto in the application';
/** The guard, against that. */
const IN_ALL = 'jwto, against no jwto in the application';
/** The peers of a quick run. */
const SHORT = ['passport-ko', 'passport-str', 'fast-jwt-cache'];
const PEERS = ['always-true', 'passport-ko', 'passport-str', 'verify-async', 'fast-jwt', 'fast-jwt-cache'];

/** Good, forged, missing and revoked tokens get the answers that they should, on every route. */
async function check(client, route, { good, forged, revoked }) {
  if (route === 'always-true') return;
  const knowsRevoked = route === 'jwto' || route.startsWith('exists');
  const wanted = [
    [good[0], 200],
    [forged, 401],
    [undefined, 401],
    [revoked, knowsRevoked ? 401 : 200],
  ];
  for (const [token, status] of wanted) {
    const got = await client.send(client.sockets[0], requestText(route, token));
    if (got !== status) throw new Error(`/${route} answered ${got}, not ${status}`);
  }
}

async function measure(adapter, peers, databases, { rounds, slices, requests }) {
  const server = start(SERVER, [JSON.stringify({ adapter, peers, ...databases })], { core: 0 });
  const { port, ...tokens } = await messageOf(server);
  const client = await HttpClient.to(port, CONNECTIONS);
  const without = start(SERVER, [JSON.stringify({ adapter, isWithout: true })], { core: 0 });
  const { port: portOfWithout } = await messageOf(without);
  const clientOfWithout = await HttpClient.to(portOfWithout, CONNECTIONS);
  const guarded = ['jwto', ...peers];
  for (const route of guarded) await check(client, route, tokens);

  let next = 0;
  const texts = (route, count) =>
    Array.from({ length: count }, () => requestText(route, tokens.good[(next += 7) % tokens.good.length]));
  const caseOf = async (route, from = server, by = client) => {
    const isSlow = route === 'passport-str';
    const count = isSlow ? Math.ceil(requests / 4) : requests;
    await by.sendAll(texts(route, isSlow ? 100 : 2500));
    return async () => {
      // A server runs its guard at every request: what is in the processor's caches belongs to the route before.
      await by.sendAll(texts(route, count));
      const batch = texts(route, count);
      const [before, began] = [await ask(from, 'cpu'), performance.now()];
      await by.sendAll(batch);
      const took = performance.now() - began;
      return { cpu: ((await ask(from, 'cpu')) - before) / count, speed: (count * 1000) / took };
    };
  };
  const cases = {};
  for (const route of guarded) cases[route] = await caseOf(route);
  cases[WITHOUT] = await caseOf('open', without, clientOfWithout);
  const { results, empty } = await inTurn(cases, await caseOf('open'), { rounds, slices });
  for (const one of [client, clientOfWithout]) one.close();
  for (const one of [server, without]) {
    one.send('close');
    await ended(one);
  }
  const rivals = peers.filter((name) => name !== 'always-true');
  const targets = Object.fromEntries(rivals.map((name) => [name, ratioOf(results, 'jwto', name)]));
  // What jwto does to every request of an application, guarded or not, is its cost too.
  results[IN_ALL] = results.jwto.map(({ net, speed }, round) => {
    const { net: saved, speed: faster } = results[WITHOUT][round];
    return { net: net - saved, speed: speed / faster };
  });
  return { rows: rowsOf(results, 'passport-ko'), open: empty, targets, inAll: ratioOf(results, IN_ALL, 'passport-ko') };
}

export async function http({ isQuick }) {
  const size = isQuick ? { rounds: 5, slices: 3, requests: 96 } : { rounds: 40, slices: 8, requests: 96 };
  const made = {
    own: await makeDatabase('better-sqlite3', 'own'),
    sqlite: await makeDatabase('better-sqlite3', 'peer'),
    postgres: await makeDatabase('postgres', 'peer'),
  };
  await fill(made.own.options, LIVE, PRESENTABLE, ['jwto_session']);
  const lookups = ['exists-sqlite', ...(made.postgres === undefined ? [] : ['exists-pg'])];
  const peers = [...(isQuick ? SHORT : PEERS), ...lookups];
  const databases = Object.fromEntries(Object.entries(made).map(([name, database]) => [name, database?.options]));
  try {
    const fastify = await measure('fastify', peers, databases, size);
    return { fastify, express: await measure('express', peers, databases, size) };
  } finally {
    for (const database of Object.values(made)) await database?.drop();
  }
}
