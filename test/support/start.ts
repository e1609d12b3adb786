import type { AddressInfo, Server } from 'node:net';
import { Module, type INestApplication, type ModuleMetadata } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { Test } from '@nestjs/testing';
import { TypeOrmModule } from '@nestjs/typeorm';
import { Client } from './client.js';
import { SQLITE } from './databases.js';

/** What an application of a test is made of; the embedded database comes with it. */
export interface StartOptions extends ModuleMetadata {
  adapter?: (() => AbstractHttpAdapter) | undefined;
  /** Runs before `init`, as `main.ts` would. */
  setUp?: ((app: INestApplication) => void) | undefined;
  /** @defaultValue `true` */
  bodyParser?: boolean | undefined;
}

/** An application that listens. */
export interface Started {
  app: INestApplication;
  client: () => Client;
  close: () => Promise<void>;
}

const firstAdapter = (): AbstractHttpAdapter => new ExpressAdapter();

/** Starts an application that says itself how it imports the library, on a port of its own. */
export async function start({
  adapter = firstAdapter,
  setUp,
  bodyParser = true,
  ...metadata
}: StartOptions): Promise<Started> {
  @Module({
    ...metadata,
    imports: [TypeOrmModule.forRoot({ ...SQLITE.options(), retryAttempts: 0 }), ...(metadata.imports ?? [])],
  })
  class StartedModule {}

  const testing = await Test.createTestingModule({ imports: [StartedModule] }).compile();
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest's options are classes by mistake
  const app = testing.createNestApplication(adapter(), { bodyParser });
  app.useLogger(false);
  setUp?.(app);
  await app.listen(0, '127.0.0.1');
  const { port } = (app.getHttpServer() as Server).address() as AddressInfo;
  return { app, client: () => new Client(`http://127.0.0.1:${String(port)}`), close: () => app.close() };
}
