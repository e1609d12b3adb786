import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { basename, join } from 'node:path';
import { ROOT } from '../../sample/build-sample.js';

/** A development server of a front end, over plain http: an empty page, and the client at `/client/index.js`. */
export interface Front {
  port: number;
  close(): Promise<void>;
}

export async function startFront(): Promise<Front> {
  const server = createServer((request, response) => {
    const name = basename(request.url ?? '/');
    if (!name.endsWith('.js')) {
      response.setHeader('content-type', 'text/html').end('<!doctype html><html lang="en"><title>front</title></html>');
      return;
    }
    response.setHeader('content-type', 'text/javascript');
    readFile(join(ROOT, 'dist/client', name)).then(
      (script) => response.end(script),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
