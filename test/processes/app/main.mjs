// An application of the process tests: plain JavaScript on the built package, as a consumer runs it. Its parent starts
// it by `fork` and talks to it by messages; its settings are the library's own variables, and
//   TEST_DATABASE  options of its DataSource, as JSON; tables are there
//   TEST_ISOLATION on MariaDB: the isolation level of each of its connections
//   TEST_SKEW      milliseconds by which the clock of this process is wrong
import os from 'node:os';
import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Clock, JwtLoginRequired, JwtoEvents, JwtoModule, jwtoEntities, jwtoOptionsFromEnv, TokenService } from 'jwto';
import { DataSource } from 'typeorm';

const { TEST_DATABASE = '{}', TEST_ISOLATION, TEST_SKEW = '0', PORT = '0' } = process.env;

/** A clock that is wrong until the library corrects it. */
class SkewedClock extends Clock {
  now() {
    return super.now() + Number(TEST_SKEW);
  }
}

/** Everybody whose name is `user-` and a number exists. */
class Users {
  authenticate({ username, password }) {
    return password === 'pass' ? this.findById(username.replace(/^user-/, '')) : null;
  }

  findById(id) {
    return /^\d+$/.test(id) ? { id: Number(id), username: `user-${id}`, perms: [] } : null;
  }
}

class Routes {
  guarded() {
    return 'worked!';
  }
}
decorate(Routes, 'guarded', [Get('guarded'), JwtLoginRequired()]);
Controller()(Routes);

/** `@decorator` by hand. */
function decorate(target, name, decorators) {
  const descriptor = Object.getOwnPropertyDescriptor(target.prototype, name);
  for (const decorator of decorators) decorator(target.prototype, name, descriptor);
}

async function connect() {
  const source = new DataSource({ ...JSON.parse(TEST_DATABASE), entities: [...jwtoEntities] });
  await source.initialize();
  if (TEST_ISOLATION !== undefined) {
    const sql = `SET SESSION TRANSACTION ISOLATION LEVEL ${TEST_ISOLATION}`;
    source.driver.pool.on('connection', (connection) => connection.query(sql));
    await source.query(sql);
  }
  return source;
}

class AppModule {}
const source = await connect();
const jwto = JwtoModule.forRoot({
  ...jwtoOptionsFromEnv(process.env),
  users: { useValue: new Users() },
  dataSource: source,
});
Module({ imports: [jwto], controllers: [Routes] })(AppModule);

const testing = await Test.createTestingModule({ imports: [AppModule] })
  .overrideProvider(Clock)
  .useClass(SkewedClock)
  .compile();
const app = testing.createNestApplication({ logger: ['error', 'warn'] });
app.get(JwtoEvents).on('*', (event, name) => process.send({ event: name, sid: event.sid }));
const tokens = app.get(TokenService);

/** Closes what the application has; the process lives on. */
async function close() {
  await app.close();
  await source.destroy();
}

const [wallClock, uptime] = [Date.now, os.uptime];

/** Sets the wall clock of this process ahead, or lets its machine sleep; milliseconds. */
async function setClocks({ ahead = 0, slept = 0 }) {
  Date.now = () => wallClock() + ahead + slept;
  os.uptime = () => uptime() + slept / 1000;
}

const OWN_METHODS = { close, setClocks };

process.on('message', async ({ id, method, args }) => {
  const work = method in OWN_METHODS ? OWN_METHODS[method](...args) : tokens[method](...args);
  const result = await work.then(
    (value) => ({ value }),
    (error) => ({ error: String(error) }),
  );
  process.send({ id, ...result });
});
process.on('disconnect', () => process.exit());

await app.listen(Number(PORT), '127.0.0.1');
process.send({ port: app.getHttpServer().address().port });
