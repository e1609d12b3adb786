// What guards cost while the tables are full, and what the copy of the revocations weighs.
// `npm run build && node bench/replica.bench.mjs`; a quicker look: ROWS=100000 ROUNDS=20 node bench/replica.bench.mjs
import 'reflect-metadata';
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExecutionContextHost } from '@nestjs/core/helpers/execution-context-host.js';
import { DataSource } from 'typeorm';
import { JwtoGuard, JwtoModule, TokenService, UserProvider, jwtoEntities, jwtoMigrations } from '../dist/index.js';
import { RevocationReplica } from '../dist/sign-in/revocation-replica.js';

const ROWS = Number(process.env.ROWS ?? 1_000_000);
const ROUNDS = Number(process.env.ROUNDS ?? 60);
const SLICE = 2000;
const TOKENS = 500;
const LIVE = [10_000, 100_000];

/** Nobody's rows: revoked, and their access tokens ended longer ago than the copy holds on to them. */
const ENDED = { revokedAt: -3_600_000, until: -1_800_000, expires: 20 * 86_400_000 };
/** Revoked a moment ago, with an access token that could still be presented. */
const PRESENTABLE = { revokedAt: -1000, until: 240_000, expires: 86_400_000 };

const bob = { id: 2, username: 'bob', perms: ['perm1'] };
class Users extends UserProvider {
  authenticate() {
    return null;
  }
  findById() {
    return bob;
  }
}

const reply = { setHeader() {} };

class Controller {
  handle() {}
}

function open(file) {
  const options = { type: 'better-sqlite3', database: file, entities: [...jwtoEntities] };
  return new DataSource({ ...options, migrations: [...jwtoMigrations], migrationsRun: true }).initialize();
}

async function start(file) {
  const dataSource = await open(file);
  const key = 'a-signing-key-of-32-bytes-and-more';
  const jwto = JwtoModule.forRoot({
    signingKey: key,
    users: { useValue: new Users() },
    dataSource,
    maxSessionsPerUser: TOKENS,
  });
  class App {}
  Module({ imports: [jwto], providers: [JwtoGuard] })(App);
  const app = await NestFactory.create(App, { logger: false });
  await app.init();
  const { parts } = app.get(RevocationReplica);
  const close = async () => {
    await app.close();
    await dataSource.destroy();
  };
  return {
    app,
    close,
    guard: app.get(JwtoGuard),
    tokens: app.get(TokenService),
    replica: app.get(RevocationReplica),
    parts,
  };
}

/** Fills both tables with revocations. */
async function fill(file, count, { revokedAt, until, expires }, tables = ['jwto_session', 'jwto_blocklist']) {
  const dataSource = await open(file);
  const now = Date.now();
  const [revoked, ends, expiry] = [now + revokedAt, now + until, now + expires];
  const id = 'lower(hex(randomblob(11)))';
  const session =
    `INSERT INTO jwto_session (sid, realm, user_id, mode, current_jti, current_iat, generation, signed_in_at, last_used_at,` +
    ` expires_at, refresh_lifetime, ends_at, access_until, revoked_at, revoked_reason)` +
    ` SELECT ${id}, 'default', i % 50000, 'JSON', ${id} || '.0', 0, 0, 0, 0, ${expiry}, 86400000, ${expiry}, ${ends}, ${revoked}, 'logout' FROM n`;
  const entry =
    `INSERT INTO jwto_blocklist (realm, kind, value, revoked_at, expires_at, reason)` +
    ` SELECT 'default', 'token', ${id}, ${revoked}, ${ends}, 'revoked' FROM n`;
  await dataSource.query('PRAGMA synchronous = OFF');
  for (let done = 0; done < count; done += 50_000) {
    const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${Math.min(50_000, count - done)})`;
    if (tables.includes('jwto_session')) await dataSource.query(session.replace('INSERT', `${numbers} INSERT`));
    if (tables.includes('jwto_blocklist')) await dataSource.query(entry.replace('INSERT', `${numbers} INSERT`));
  }
  await dataSource.destroy();
}

const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)];
const quartiles = (numbers) =>
  [0.25, 0.75].map((part) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * part)]);

function cpu() {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1000;
}

/** Nanoseconds of CPU for one call of the guard: header, signature or cached token, claims, revocation. */
async function guardCost({ guard }, contexts) {
  const before = cpu();
  for (let call = 0; call < SLICE; call++) await guard.canActivate(contexts(call));
  return (cpu() - before) / SLICE;
}

async function guards(empty, full) {
  const apps = [await start(empty), await start(full)];
  const requests = [];
  for (const { tokens } of apps) {
    const headers = [];
    for (let token = 0; token < TOKENS; token++) headers.push(`Bearer ${(await tokens.issue(bob)).access}`);
    requests.push((call) => {
      const request = { headers: { authorization: headers[call % TOKENS] }, method: 'GET', url: '/' };
      return new ExecutionContextHost([request, reply], Controller, Controller.prototype.handle);
    });
  }
  const costs = [[], []];
  const ratios = [];
  for (let round = -5; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? [0, 1] : [1, 0];
    const pair = [0, 0];
    for (const index of order) {
      pair[index] = await guardCost(apps[index], requests[index]);
      await turn();
    }
    if (round < 0) continue;
    costs.forEach((list, index) => list.push(pair[index]));
    ratios.push(pair[1] / pair[0]);
  }
  const reads = [];
  for (const { parts } of apps) {
    for (const since of [0, Date.now() - 60_000]) {
      const times = [];
      for (let read = 0; read < 7; read++) {
        const before = performance.now();
        await parts.feed.read(since, Date.now());
        times.push(performance.now() - before);
      }
      reads.push(median(times));
    }
  }
  for (const { close } of apps) await close();
  return { costs: costs.map(median), ratio: median(ratios), quartiles: quartiles(ratios), reads };
}

/** Bytes in use after the first full load and a poll. */
async function heap(file) {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  const { replica, close } = await start(file);
  await sleep(1500);
  for (let time = 0; time < 4; time++) {
    gc();
    await turn();
  }
  const result = { heap: process.memoryUsage().heapUsed, size: replica.size };
  await close();
  return result;
}

const JOBS = { guards, heap };

/** Runs a job in a process of its own. */
function inProcess(job, ...files) {
  return new Promise((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), [job, ...files]);
    let result;
    child.on('message', (message) => (result = message));
    child.on('exit', () => (result === undefined ? reject(new Error(`${job} failed`)) : resolve(result)));
  });
}

async function main() {
  const folder = mkdtempSync(join(tmpdir(), 'jwto-bench-'));
  const file = (name) => join(folder, `${name}.sqlite`);
  try {
    const [empty, full] = [file('empty'), file('full')];
    for (const name of [empty, full]) await (await open(name)).destroy();
    await fill(full, ROWS, ENDED);
    for (const live of LIVE) await fill(file(`live-${live}`), live, PRESENTABLE, ['jwto_session']);

    const { costs, ratio, quartiles: spread, reads } = await inProcess('guards', empty, full);
    const baseline = await inProcess('heap', empty);
    const filled = await inProcess('heap', full);
    const us = (ns) => (ns / 1000).toFixed(2);
    const mb = (bytes) => (bytes / 1e6).toFixed(2);
    console.log(`Node ${process.version}, ${cpus()[0].model}, ${cpus().length} cores; SQLite file; ${ROUNDS} rounds\n`);
    console.log(`| | empty tables | ${ROWS} ended rows in each table | ratio or difference |`);
    console.log('|---|---:|---:|---:|');
    console.log(
      `| guard, us of CPU | ${us(costs[0])} | ${us(costs[1])} | ${ratio.toFixed(3)} (quartiles ${spread.map((q) => q.toFixed(3)).join(' to ')}) |`,
    );
    console.log(`| heap in use, MB | ${mb(baseline.heap)} | ${mb(filled.heap)} | ${mb(filled.heap - baseline.heap)} |`);
    console.log(`| revocations held | ${baseline.size} | ${filled.size} | |`);
    console.log(`| read of the whole, ms | ${reads[0].toFixed(2)} | ${reads[2].toFixed(2)} | |`);
    console.log(`| read of the last minute, ms | ${reads[1].toFixed(2)} | ${reads[3].toFixed(2)} | |`);
    console.log('\n| revocations that could still be presented | heap more than with none, MB | bytes each |');
    console.log('|---:|---:|---:|');
    for (const live of LIVE) {
      const { heap: used, size } = await inProcess('heap', file(`live-${live}`));
      const more = used - baseline.heap;
      console.log(`| ${size} | ${mb(more)} | ${Math.round(more / size)} |`);
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const [job, ...files] = process.argv.slice(2);
if (job === undefined) await main();
else process.send(await JOBS[job](...files), () => process.exit());
