// How long a revocation in one process takes to reach the guards of another.
// `npm run build && TEST_POSTGRES_URL=... TEST_MARIADB_URL=... node bench/reach.bench.mjs`; it empties a schema or database
// of its own, `jwto_bench`, on each server that has a URL. SQLite is measured on two connections to one file.
import 'reflect-metadata';
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';
import { JwtoModule, TokenService, UserProvider, jwtoEntities, jwtoMigrations } from '../dist/index.js';

const TIMES = Number(process.env.TIMES ?? 40);
const bob = { id: 2, username: 'bob', perms: ['perm1'] };
class Users extends UserProvider {
  authenticate() {
    return null;
  }
  findById() {
    return bob;
  }
}

async function start(options) {
  const dataSource = await new DataSource({ ...options, entities: [...jwtoEntities] }).initialize();
  const signingKey = 'a-signing-key-of-32-bytes-and-more';
  const jwto = JwtoModule.forRoot({ signingKey, users: { useValue: new Users() }, dataSource });
  class App {}
  Module({ imports: [jwto] })(App);
  const app = await NestFactory.create(App, { logger: false });
  await app.init();
  const close = async () => {
    await app.close();
    await dataSource.destroy();
  };
  return { tokens: app.get(TokenService), close };
}

/** The other process: revokes what it is told, and says when that was done. */
async function revoker(options) {
  const { tokens } = await start(JSON.parse(options));
  process.on('message', async (sid) => {
    await tokens.revokeSession(sid);
    process.send(performance.timeOrigin + performance.now());
  });
  process.send('ready');
}

const message = (child) => new Promise((resolve) => child.once('message', resolve));

async function measure(name, options) {
  const migrations = [...jwtoMigrations];
  const here = await start({ ...options, migrations, migrationsRun: true, dropSchema: true });
  const child = fork(fileURLToPath(import.meta.url), ['revoker', JSON.stringify(options)]);
  await message(child);
  const delays = [];
  for (let time = 0; time < TIMES; time++) {
    const { sid, access } = await here.tokens.issue(bob);
    // At any moment between two polls.
    await sleep(100 + Math.random() * 1000);
    const revoked = message(child);
    child.send(sid);
    let refused;
    const watching = (async () => {
      while (refused === undefined) {
        await here.tokens.verify(access).catch(() => (refused = performance.timeOrigin + performance.now()));
        await sleep(1);
      }
    })();
    const written = await revoked;
    await watching;
    delays.push(Math.max(0, refused - written));
  }
  child.kill();
  await here.close();
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (part) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))].toFixed(0);
  console.log(`| ${name} | ${at(0.5)} | ${at(0.95)} | ${at(1)} |`);
}

if (process.argv[2] === 'revoker') await revoker(process.argv[3]);
else {
  const folder = mkdtempSync(join(tmpdir(), 'jwto-bench-'));
  console.log('| database | median, ms | 95 of 100, ms | longest, ms |\n|---|---:|---:|---:|');
  const { TEST_POSTGRES_URL: postgres, TEST_MARIADB_URL: mariadb } = process.env;
  if (postgres) {
    const source = await new DataSource({ type: 'postgres', url: postgres }).initialize();
    await source.query('CREATE SCHEMA IF NOT EXISTS jwto_bench');
    await source.destroy();
    await measure('PostgreSQL, woken by NOTIFY', { type: 'postgres', url: postgres, schema: 'jwto_bench' });
  }
  if (mariadb) {
    const url = new URL(mariadb);
    const source = await new DataSource({ type: 'mariadb', url: mariadb }).initialize();
    await source.query('CREATE DATABASE IF NOT EXISTS jwto_bench');
    await source.destroy();
    url.pathname = '/jwto_bench';
    await measure('MariaDB, by poll', { type: 'mariadb', url: url.href });
  }
  await measure('SQLite, by poll', { type: 'better-sqlite3', database: join(folder, 'reach.sqlite') });
  rmSync(folder, { recursive: true, force: true });
}
