// Logins a second, and how long guarded requests take while many sign in at once.
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { HttpClient, requestText } from '../support/http-client.mjs';
import { quantile, shuffled } from '../support/measure.mjs';
import { messageOf, start } from '../support/processes.mjs';

const SERVER = fileURLToPath(new URL('./logins-server.mjs', import.meta.url));
const CLIENTS = 32;
/** A probe each so many milliseconds, whether the one before was answered or not. */
const EVERY = 4;
const ROUTES = ['open', 'jwto', 'jose'];

const BODY = JSON.stringify({ username: 'bob', password: 'a password' });
const LOGIN =
  `POST /login/ HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n` +
  `Content-Length: ${BODY.length}\r\n\r\n${BODY}`;

/** Sends logins over all connections until it is told to stop. */
function storm(client) {
  let [done, stopped] = [0, false];
  const onStatus = (status) => {
    if (status !== 200) throw new Error(`a login was answered with ${status}`);
    done += 1;
  };
  const running = client.sockets.map((socket) =>
    client.exchange(socket, () => (stopped ? undefined : LOGIN), onStatus),
  );
  return async () => {
    stopped = true;
    await Promise.all(running);
    return done;
  };
}

/** Milliseconds of each route, asked in a random order; late probes count from when they were due. */
async function probe(client, token, milliseconds) {
  const delays = Object.fromEntries(ROUTES.map((route) => [route, []]));
  const free = [...client.sockets];
  const pending = [];
  const began = performance.now();
  for (let count = 0; count * EVERY < milliseconds;) {
    for (const route of shuffled(ROUTES)) {
      const due = began + EVERY * count++;
      await sleep(Math.max(0, due - performance.now()));
      while (free.length === 0) await sleep(1);
      const socket = free.pop();
      const noteEnd = (status) => {
        if (status !== 200) throw new Error(`/${route} was answered with ${status}`);
        delays[route].push(performance.now() - due);
        free.push(socket);
      };
      pending.push(client.send(socket, requestText(route, token)).then(noteEnd));
    }
  }
  await Promise.all(pending);
  const row = (list) => ({ p50: quantile(list, 0.5), p99: quantile(list, 0.99) });
  return Object.fromEntries(Object.entries(delays).map(([route, list]) => [route, row(list)]));
}

async function measure(atOnce, milliseconds) {
  const server = start(SERVER, [JSON.stringify({ atOnce })]);
  const { port, token } = await messageOf(server);
  const probes = await HttpClient.to(port, 256);
  const clients = await HttpClient.to(port, CLIENTS);
  await probe(probes, token, 1000);
  const idle = await probe(probes, token, milliseconds / 2);
  const began = performance.now();
  const stop = storm(clients);
  await sleep(500);
  const during = await probe(probes, token, milliseconds);
  const logins = await stop();
  const perSecond = (logins * 1000) / (performance.now() - began);
  for (const client of [probes, clients]) client.close();
  server.disconnect();
  return { atOnce, clients: CLIENTS, perSecond, idle, during };
}

export async function logins({ isQuick }) {
  const milliseconds = isQuick ? 2000 : 30_000;
  // As many hashes at once as the sample application allows, and as many as come.
  return { rows: [await measure(2, milliseconds), await measure(CLIENTS, milliseconds)] };
}
