// The server of the storm: logins hash passwords as the sample application does, and three routes are asked meanwhile.
import { Buffer } from 'node:buffer';
import { createSecretKey } from 'node:crypto';
import { Controller, Get, UseGuards } from '@nestjs/common';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import { hash, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';
import { JwtLoginRequired, SECRET, UserProvider, bob, openDatabase, startJwto } from '../support/jwto-app.mjs';
import { joseGuard } from '../support/peers.mjs';

/** As in sample-app/users/password-hasher.ts. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const { atOnce } = JSON.parse(process.argv[2]);
const limit = pLimit(atOnce);
const expected = await hash('a password', COST);

class Users extends UserProvider {
  async authenticate({ password }) {
    return (await limit(() => verify(expected, password))) ? bob : null;
  }
  findById() {
    return bob;
  }
}

function route(path, ...decorators) {
  class Route {
    handle() {
      return { ok: true };
    }
  }
  Get()(Route.prototype, 'handle', Object.getOwnPropertyDescriptor(Route.prototype, 'handle'));
  for (const decorate of decorators) decorate(Route);
  Controller(path)(Route);
  return Route;
}

const Jose = joseGuard(createSecretKey(Buffer.from(SECRET)));
const controllers = [route('open'), route('jwto', JwtLoginRequired()), route('jose', UseGuards(Jose))];
const users = { useValue: new Users() };
const { app, tokens } = await startJwto(
  await openDatabase(),
  { users, maxSessionsPerUser: 1_000_000 },
  { adapter: new FastifyAdapter(), controllers },
);
await app.listen(0, '127.0.0.1');
app.getHttpServer().keepAliveTimeout = 600_000;
process.on('disconnect', () => process.exit());
process.send({ port: app.getHttpServer().address().port, token: (await tokens.issue(bob)).access });
