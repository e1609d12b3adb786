// A Nest application with jwto on a database, and what the parts of the benchmark ask of it.
import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DataSource } from 'typeorm';

/** The built package; `bench.mjs` gives a copy, so that a build meanwhile changes nothing. */
const DIST = new URL(process.env.BENCH_DIST ?? '../../dist/', import.meta.url);
if (!existsSync(new URL('index.js', DIST))) {
  console.error('There is no dist: run `npm run build` first. The benchmark measures the built package.');
  process.exit(1);
}
const jwto = await import(new URL('index.js', DIST));
/** Not public: what the memory part looks into. */
export const { RevocationReplica } = await import(new URL('revocation/revocation-replica.js', DIST));

export const { JwtoGuard, JwtLoginRequired, JwtoModule, TokenService, UserProvider, jwtoEntities, jwtoMigrations } =
  jwto;

export const SECRET = 'a-signing-key-of-32-bytes-and-more';
export const bob = { id: 2, username: 'bob', perms: ['orders.view', 'orders.edit'] };

/** Users who are all bob. */
export class Users extends UserProvider {
  authenticate() {
    return bob;
  }
  findById() {
    return bob;
  }
}

export const MEMORY = { type: 'better-sqlite3', database: ':memory:' };

/** A data source with our tables in it. */
export function openDatabase(options = MEMORY, entities = []) {
  const ours = { entities: [...jwtoEntities, ...entities], migrations: [...jwtoMigrations], migrationsRun: true };
  return new DataSource({ ...options, ...ours }).initialize();
}

/**
 * Starts an application. It listens only if it is told to.
 *
 * @param settings - of jwto, beside the signing key
 * @param more - `providers`, `controllers` and `imports` of the application, and its `adapter`
 */
export async function startJwto(dataSource, settings = {}, { adapter, ...parts } = {}) {
  const users = settings.users ?? { useValue: new Users() };
  const keys = settings.signingKey === undefined ? { signingKey: SECRET } : {};
  const ours = JwtoModule.forRoot({ ...keys, maxSessionsPerUser: 1_000_000, ...settings, users, dataSource });
  class App {}
  const { imports = [], providers = [], controllers = [] } = parts;
  Module({ imports: [ours, ...imports], providers: [JwtoGuard, ...providers], controllers })(App);
  const app = await NestFactory.create(App, ...(adapter === undefined ? [] : [adapter]), { logger: ['error'] });
  await app.init();
  const close = async () => {
    await app.close();
    await dataSource.destroy();
  };
  return { app, guard: app.get(JwtoGuard), tokens: app.get(TokenService), close };
}
