import { createServer, type AddressInfo, type Server } from 'node:net';
import type { INestApplication } from '@nestjs/common';

/** What listening on `::1` says on a machine without IPv6. */
const NO_IPV6 = ['EADDRNOTAVAIL', 'EAFNOSUPPORT'];

/**
 * Listens on `127.0.0.1` and `::1`, and nowhere else. `localhost` is either of them, depending on the client, and one
 * server has one address: a second one hands its connections to the first.
 *
 * @param port - 0 takes any free one
 * @returns the port
 */
export async function listenOnLoopback(app: INestApplication, port: number): Promise<number> {
  await app.listen(port, '127.0.0.1');
  const server = app.getHttpServer() as Server;
  const taken = (server.address() as AddressInfo).port;

  const second = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket));
  try {
    await listen(second, taken, '::1');
  } catch (error) {
    if (!NO_IPV6.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  }
  server.once('close', () => second.close());
  return taken;
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
