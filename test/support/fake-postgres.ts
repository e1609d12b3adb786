import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** A message of PostgreSQL's protocol, version 3. */
function message(type: string, body: Buffer): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(type), length, body]);
}

const COLUMNS = ['version', 'current_database', 'current_schema'];
const short = (value: number): Buffer => Buffer.from([value >> 8, value & 255]);
const text = (value: string): Buffer => Buffer.from(`${value}\0`);

const WELCOME = message('R', Buffer.alloc(4));
const READY = message('Z', Buffer.from('I'));
const FATAL = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection due to administrator command\0\0'));
/** One row, which answers all that TypeORM asks at its start. */
const ROW = Buffer.concat([
  message(
    'T',
    Buffer.concat([
      short(COLUMNS.length),
      // No table, the type `text`, of any length, written as text.
      ...COLUMNS.map((name) =>
        Buffer.concat([text(name), Buffer.alloc(6), Buffer.from([0, 0, 0, 25]), Buffer.alloc(8)]),
      ),
    ]),
  ),
  message('D', Buffer.concat([short(COLUMNS.length), ...COLUMNS.map(() => Buffer.from([0, 0, 0, 2, 49, 55]))])),
  message('C', text('SELECT 1')),
]);

/** What a {@link FakePostgres} answers to the next that it hears. */
export type FakeAnswer = 'right' | 'right, and stops' | 'stops' | 'nothing';

/** A PostgreSQL server that gives one row for each statement and is stopped at the worst moment, in the very chunk. */
export class FakePostgres {
  /** To a connection that is being made. */
  toStart: FakeAnswer = 'right';
  /** To a statement. */
  toQuery: FakeAnswer = 'right';
  readonly statements: string[] = [];
  private readonly sockets = new Set<Socket>();
  private readonly silent = new WeakSet<Socket>();
  private readonly server: Server = createServer((socket) => {
    this.join(socket);
  });

  static async start(): Promise<FakePostgres> {
    const fake = new FakePostgres();
    fake.server.listen(0, '127.0.0.1');
    await once(fake.server, 'listening');
    return fake;
  }

  get url(): string {
    return `postgres://x@127.0.0.1:${String((this.server.address() as AddressInfo).port)}/x`;
  }

  /** How many connections there are. */
  get connections(): number {
    return this.sockets.size;
  }

  /** Ends every connection, as a server that is stopped does. */
  stopAll(): void {
    for (const socket of this.sockets) socket.end(FATAL);
  }

  /** Leaves every connection there is without an answer for good, as a network does that has lost it. */
  silenceAll(): void {
    for (const socket of this.sockets) this.silent.add(socket);
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private join(socket: Socket): void {
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket)).on('error', () => undefined);
    let started = false;
    socket.on('data', (data) => {
      if (this.silent.has(socket) || (started && data[0] !== 'Q'.charCodeAt(0))) return;
      if (started) this.statements.push(data.toString('utf8', 5, data.length - 1));
      const right = Buffer.concat([started ? ROW : WELCOME, READY]);
      const answer = started ? this.toQuery : this.toStart;
      started = true;
      if (answer === 'right') socket.write(right);
      else if (answer === 'right, and stops') socket.end(Buffer.concat([right, FATAL]));
      else if (answer === 'stops') socket.end(FATAL);
    });
  }
}
