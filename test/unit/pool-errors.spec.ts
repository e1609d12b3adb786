import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import pg from 'pg';
import type { DataSource } from 'typeorm';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { watchPools } from '../../lib/store/pool-errors.js';

/** A message of PostgreSQL's protocol, version 3. */
function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

const READY = message('Z', Buffer.from('I'));
const DONE = message('C', Buffer.from('SELECT 0\0'));
const FATAL = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'));

/** Every answer has the end of the connection in the very same chunk, as a server that is stopped sends it. */
function answer(socket: Socket): void {
  socket.once('data', () => {
    socket.write(Buffer.concat([message('R', Buffer.alloc(4)), READY]));
    socket.on('data', () => {
      socket.end(Buffer.concat([DONE, READY, FATAL]));
    });
  });
  socket.on('error', () => undefined);
}

describe('a connection whose server is stopped right behind an answer', () => {
  let server: Server;
  let pools: pg.Pool[];
  beforeEach(async () => {
    server = createServer(answer).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    pools = Array.from({ length: 2 }, () => new pg.Pool({ host: '127.0.0.1', port, user: 'x', database: 'x' }));
    for (const pool of pools) pool.on('error', () => undefined);
  });
  afterEach(async () => {
    await Promise.all(pools.map((pool) => pool.end()));
    server.close();
  });

  it('ends no process, on the primary and on a replica', async () => {
    const [master, ...slaves] = pools;
    watchPools({ driver: { master, slaves } } as unknown as DataSource);
    for (const pool of pools) {
      // What takes a connection puts its own listener on later, as TypeORM does.
      const client = await pool.connect();
      const ended = new Promise<void>((resolve) => void client.once('end', resolve));
      // Without a listener this is an uncaught exception, by which Vitest fails the run.
      await client.query('SELECT 1');
      await ended;
      client.release(true);
      expect(client.listenerCount('error')).toBeGreaterThan(0);
    }
  });
});
