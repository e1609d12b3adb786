// The server of the HTTP part: one route for each guard, all in one application. It is told by IPC what to do.
import { Buffer } from 'node:buffer';
import { createSecretKey } from 'node:crypto';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { ExpressAdapter } from '@nestjs/platform-express';
import { DataSource, EntitySchema } from 'typeorm';
import { JwtLoginRequired, SECRET, bob, openDatabase, startJwto } from '../support/jwto-app.mjs';
import { cpu } from '../support/measure.mjs';
import { OpenGuard, fastJwtGuard, passportGuard, verifyAsyncGuard } from '../support/peers.mjs';
import { forged, tokenMaker } from '../support/tokens.mjs';

const TOKENS = 1000;
const ROWS = 100_000;

/** An application's own blocklist, as it is usually written. */
const RevokedToken = new EntitySchema({
  name: 'RevokedToken',
  columns: { jti: { type: String, length: 64, primary: true }, expires_at: { type: 'bigint' } },
});

async function revokedTokens(options) {
  const dataSource = await new DataSource({
    ...options,
    entities: [RevokedToken],
    synchronize: true,
    dropSchema: true,
  }).initialize();
  const numbers =
    options.type === 'postgres'
      ? `SELECT md5(i::text), i FROM generate_series(1, ${ROWS}) i`
      : `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS}) SELECT lower(hex(randomblob(16))), i FROM n`;
  await dataSource.query(`INSERT INTO revoked_token (jti, expires_at) ${numbers}`);
  if (options.type === 'postgres') await dataSource.query('ANALYZE revoked_token');
  return dataSource.getRepository(RevokedToken);
}

function route(path, ...decorators) {
  class Route {
    handle() {
      return { ok: true };
    }
  }
  const handler = Object.getOwnPropertyDescriptor(Route.prototype, 'handle');
  Get()(Route.prototype, 'handle', handler);
  for (const decorate of decorators) decorate(Route);
  Controller(path)(Route);
  return Route;
}

const { adapter, peers, sqlite, own, postgres } = JSON.parse(process.argv[2]);
const key = createSecretKey(Buffer.from(SECRET));
const guards = {
  'always-true': OpenGuard,
  'passport-ko': passportGuard('ko', key),
  'passport-str': passportGuard('str', SECRET),
  'verify-async': verifyAsyncGuard(key),
  'fast-jwt': fastJwtGuard(SECRET, 0),
  'fast-jwt-cache': fastJwtGuard(SECRET, 5000),
};
const lists = {};
for (const [name, options] of Object.entries({ 'exists-sqlite': sqlite, 'exists-pg': postgres })) {
  if (options === undefined || !peers.includes(name)) continue;
  lists[name] = await revokedTokens(options);
  guards[name] = passportGuard(name, key, 'HS256', ({ jti }) => lists[name].existsBy({ jti }));
}
// The router of Express asks its routes one after the other: the unguarded one stands in the middle.
const half = Math.floor(peers.length / 2);
const controllers = [route('jwto', JwtLoginRequired()), ...peers.map((name) => route(name, UseGuards(guards[name])))];
controllers.splice(half + 1, 0, route('open'));
const platform = adapter === 'fastify' ? new FastifyAdapter() : new ExpressAdapter();
const { app, tokens, close } = await startJwto(await openDatabase(own), {}, { adapter: platform, controllers });
await app.listen(0, '127.0.0.1');
app.getHttpServer().keepAliveTimeout = 600_000;

const issued = await tokens.issue(bob);
const make = tokenMaker((await tokens.issue(bob)).access, 'HS256', SECRET);
const good = Array.from({ length: TOKENS }, (_, index) => make(index));
await tokens.revokeSession(issued.sid);
const { jti } = JSON.parse(Buffer.from(issued.access.split('.')[1], 'base64url').toString());
for (const list of Object.values(lists)) await list.insert({ jti, expires_at: 0 });

process.on('message', async (command) => {
  if (command === 'cpu') process.send(cpu());
  if (command !== 'close') return;
  await close();
  for (const list of Object.values(lists)) await list.manager.connection.destroy();
  process.disconnect();
});
const { port } = app.getHttpServer().address();
process.send({ port, good, forged: forged(good[0]), revoked: issued.access });
