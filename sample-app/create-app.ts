import type { DynamicModule, INestApplication, NestApplicationOptions } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { ExpressAdapter } from '@nestjs/platform-express';
import { FastifyAdapter } from '@nestjs/platform-fastify';
import type { TlsFiles } from './certificate.js';
import type { AdapterName } from './sample-options.js';
import { StderrLogger } from './stderr-logger.js';

/** The application on either adapter. jwto needs no line here: no body parser, no cookie plugin. */
export async function createApp(
  module: DynamicModule,
  adapter: AdapterName,
  tls: TlsFiles | undefined,
): Promise<INestApplication> {
  // Fastify is given it with the adapter.
  const https = adapter === 'express' && tls !== undefined ? { httpsOptions: tls } : {};
  // eslint-disable-next-line @typescript-eslint/no-unsafe-class-instance-assignment -- Nest's options are a class by name only
  const options: NestApplicationOptions = {
    logger: new StderrLogger(),
    // A start that fails is told once, by main.ts: Nest shall neither end the process nor log the error before.
    abortOnError: false,
    bufferLogs: true,
    autoFlushLogs: false,
    ...https,
  };
  return NestFactory.create(module, adapter === 'fastify' ? fastifyAdapter(tls) : new ExpressAdapter(), options);
}

function fastifyAdapter(tls: TlsFiles | undefined): FastifyAdapter {
  // Express ignores a slash at the end of a path by itself.
  const routerOptions = { ignoreTrailingSlash: true };
  return new FastifyAdapter(tls === undefined ? { routerOptions } : { routerOptions, https: tls });
}
