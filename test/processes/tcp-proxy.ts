import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** One connection through a {@link TcpProxy}. */
export interface ProxiedConnection {
  /** What the client has said since the server last answered, as Latin-1. */
  said: string;
  /** Ends it on both sides at once. */
  readonly cut: () => void;
}

/** Looks at what the server says before the client gets it; what it returns is waited for. */
export type Watch = (connection: ProxiedConnection, answer: Buffer) => Promise<void> | void;

/** A proxy in front of a database, which can lose what the database says. */
export class TcpProxy {
  watch: Watch | undefined;
  private readonly sockets = new Set<Socket>();
  private readonly server = createServer((client) => {
    this.join(client);
  });

  private constructor(private readonly target: { host: string; port: number }) {}

  static async before(host: string, port: number): Promise<TcpProxy> {
    const proxy = new TcpProxy({ host, port });
    proxy.server.listen(0, '127.0.0.1');
    await once(proxy.server, 'listening');
    return proxy;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private join(client: Socket): void {
    const server = connect(this.target);
    const cut = (): void => {
      client.destroy();
      server.destroy();
    };
    const connection: ProxiedConnection = { said: '', cut };
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', cut).on('close', () => {
        this.sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (data) => {
      connection.said += data.toString('latin1');
      server.write(data);
    });
    let order: Promise<unknown> = Promise.resolve();
    server.on('data', (data) => {
      order = order.then(async () => {
        await this.watch?.(connection, data);
        connection.said = '';
        if (!client.destroyed) client.write(data);
      });
    });
  }
}
