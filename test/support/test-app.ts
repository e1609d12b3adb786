import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Module, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { Test, type TestingModuleBuilder } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import {
  Clock,
  JwtoEvents,
  JwtoModule,
  TokenService,
  type JwtoEvent,
  type JwtoEventName,
  type JwtoModuleOptions,
} from 'jwto';
import { DataSource } from 'typeorm';
import { ADAPTERS } from './adapters.js';
import { Client } from './client.js';
import { SQLITE, type TestDatabase } from './databases.js';
import { TestRoutes } from './routes.controller.js';
import { TestClock } from './test-clock.js';
import { TestUsers } from './users.js';

/** 32 bytes. */
export const SIGNING_KEY = 'a-signing-key-of-32-bytes-and-more';

/** How a test application differs from the plain one. */
export interface TestAppOptions {
  adapter?: () => AbstractHttpAdapter;
  database?: TestDatabase;
  options?: Partial<JwtoModuleOptions>;
  metadata?: ModuleMetadata;
  /** Replaces parts before anything is made, as a test of an application does. */
  override?: (builder: TestingModuleBuilder) => TestingModuleBuilder;
  /** The library's own clock instead of one that stands. */
  realClock?: boolean;
  /** Runs before `init`, as `main.ts` would. */
  setUp?: (app: INestApplication) => void;
}

/** A running application, on a port of its own. */
export interface TestApp {
  app: INestApplication;
  url: string;
  users: TestUsers;
  clock: TestClock;
  tokens: TokenService;
  dataSource: DataSource;
  /** Every event since the start, in order. */
  events: { name: JwtoEventName; event: JwtoEvent }[];
  /** The names of the events since the last call. */
  takeEvents(): JwtoEventName[];
  client: () => Client;
  close(): Promise<void>;
}

const firstAdapter = ADAPTERS[0]?.[1] as () => AbstractHttpAdapter;

/** Starts an application with the library in it, as a user would write it. */
export async function startApp(config: TestAppOptions = {}): Promise<TestApp> {
  const {
    adapter = firstAdapter,
    database = SQLITE,
    options = {},
    metadata = {},
    override,
    realClock = false,
    setUp,
  } = config;
  const users = new TestUsers();
  @Module({
    ...metadata,
    imports: [
      TypeOrmModule.forRoot({ ...database.options(), retryAttempts: 0 }),
      JwtoModule.forRoot({ signingKey: SIGNING_KEY, users: { useValue: users }, ...options }),
      ...(metadata.imports ?? []),
    ],
    controllers: [TestRoutes, ...(metadata.controllers ?? [])],
  })
  class TestAppModule {}

  const clock = new TestClock();
  const builder = Test.createTestingModule({ imports: [TestAppModule] })
    .overrideProvider(Clock)
    .useValue(realClock ? new Clock() : clock);
  const testing = await (override?.(builder) ?? builder).compile();
  const app = testing.createNestApplication(adapter());
  app.useLogger(false);
  setUp?.(app);
  await app.listen(0, '127.0.0.1');
  const server = app.getHttpServer() as Server;
  const { port } = server.address() as AddressInfo;
  const events: TestApp['events'] = [];
  let taken = 0;
  app.get(JwtoEvents).on('*', (event, name) => events.push({ name, event }));
  const url = `http://127.0.0.1:${String(port)}`;
  return {
    app,
    url,
    users,
    clock,
    tokens: app.get(TokenService),
    dataSource: app.get(DataSource),
    events,
    takeEvents: () => {
      const names = events.slice(taken).map(({ name }) => name);
      taken = events.length;
      return names;
    },
    client: () => new Client(url),
    close: () => app.close(),
  };
}
