// A script of the process tests: asks for one thing, and neither closes anything nor calls `process.exit`.
//   TEST_DATABASE  options of its DataSource, as JSON; tables are there
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { JwtoModule, jwtoEntities, jwtoOptionsFromEnv, TokenService } from 'jwto';
import { DataSource } from 'typeorm';

const options = JSON.parse(process.env.TEST_DATABASE);
// The application's own connections end soon, when nobody uses them.
const extra = { ...options.extra, idleTimeoutMillis: 500 };
const source = await new DataSource({ ...options, extra, entities: [...jwtoEntities] }).initialize();
const user = { id: 1, username: 'user-1', perms: [] };

class AppModule {}
const users = { authenticate: () => user, findById: () => user };
const jwto = JwtoModule.forRoot({
  ...jwtoOptionsFromEnv(process.env),
  users: { useValue: users },
  dataSource: source,
});
Module({ imports: [jwto] })(AppModule);

const app = await NestFactory.createApplicationContext(AppModule, { logger: false });
const tokens = app.get(TokenService);
await tokens.issue(user);
console.log(`revoked ${await tokens.revokeUser(1)}`);
