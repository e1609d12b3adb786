// The applications that are fuzzed, in a process of their own; the built package, as a user has it.
import 'reflect-metadata';
import process from 'node:process';
import { Controller, Get, Module, Post } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { DataSource } from 'typeorm';
import { Coverage } from './coverage.mjs';
import { timeAnswers } from './stopwatch.mjs';

const { JwtLoginRequired, JwtPermRequired, JwtoModule, UserProvider, jwtoEntities, jwtoMigrations } =
  await import('../../dist/index.js');
const [secret, ...modeLists] = process.argv.slice(2);

class Users extends UserProvider {
  rows = [
    { id: 1, username: 'alice', password: 'pass', perms: [] },
    { id: 2, username: 'bob', password: 'pass', perms: ['perm1'] },
    { id: 3, username: 'admin', password: 'abc123', perms: ['perm1', 'perm2'] },
    { id: 4, username: 'carol', password: 'pass', perms: [], isActive: false },
  ];
  authenticate({ username, password }) {
    return this.rows.find((user) => user.username === username && user.password === password) ?? null;
  }
  findById(id) {
    return this.rows.find((user) => String(user.id) === id) ?? null;
  }
}

class Routes {
  protect() {
    return 'worked!';
  }
  change() {
    return 'worked!';
  }
  perms() {
    return 'perms also worked!';
  }
  claims() {
    return {};
  }
}
Controller('testapp')(Routes);
for (const [name, ...decorators] of [
  ['protect', Get('protect'), JwtLoginRequired()],
  ['change', Post('protect'), JwtLoginRequired()],
  ['perms', Get('perms_protect'), JwtPermRequired(['perm1'])],
  ['claims', Get('claims'), JwtLoginRequired()],
]) {
  const descriptor = Object.getOwnPropertyDescriptor(Routes.prototype, name);
  for (const decorate of decorators) decorate(Routes.prototype, name, descriptor);
}

async function start(adapter, mode) {
  const ours = { entities: [...jwtoEntities], migrations: [...jwtoMigrations], migrationsRun: true };
  const dataSource = await new DataSource({ type: 'better-sqlite3', database: ':memory:', ...ours }).initialize();
  class App {}
  const imports = [
    JwtoModule.forRoot({
      signingKey: secret,
      mode,
      users: { useValue: new Users() },
      dataSource,
      maxSessionsPerUser: 20,
    }),
  ];
  Module({ imports, controllers: [Routes] })(App);
  const app = await NestFactory.create(App, adapter, { logger: false });
  await app.init();
  timeAnswers(app.getHttpServer());
  await app.listen(0, '127.0.0.1');
  return app.getHttpServer().address().port;
}

for (const name of ['uncaughtException', 'unhandledRejection']) {
  process.on(name, (error) => process.send({ escaped: `${name}: ${error?.stack ?? error}` }));
}
const apps = [];
for (const list of modeLists) {
  const modes = list.split(',');
  apps.push({ name: `Express ${list}`, modes, port: await start(new ExpressAdapter(), modes) });
  apps.push({ name: `Fastify ${list}`, modes, port: await start(new FastifyAdapter(), modes) });
}
const coverage = await Coverage.start();
process.on('message', async (question) => {
  if (question === 'coverage') process.send({ coverage: await coverage.take() });
  if (question === 'memory') {
    globalThis.gc();
    const { heapUsed, external, rss } = process.memoryUsage();
    process.send({ memory: { heapUsed, external, rss } });
  }
});
process.on('disconnect', () => process.exit());
process.send({ apps });
