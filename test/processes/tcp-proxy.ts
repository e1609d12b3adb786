import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** One connection through a {@link TcpProxy}. */
export interface ProxiedConnection {
  /** What the client has said since the server last answered, as Latin-1. */
  said: string;
  /** Ends it on both sides at once. */
  readonly cut: () => void;
}

/** Looks at what the server says before the client gets it; what it returns is waited for. */
export type Watch = (connection: ProxiedConnection, answer: Buffer) => Promise<void> | void;

/** A proxy in front of a database, which can lose, delay, hold and swallow what both say. */
export class TcpProxy {
  watch: Watch | undefined;
  /** Milliseconds by which every chunk is late, each way. */
  delay = 0;
  /** Takes every byte, as a load balancer does, and lets none through. */
  isSwallowing = false;
  private held: Promise<void> = Promise.resolve();
  private release: (() => void) | undefined;
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

  /** Ends every connection. */
  cutAll(): void {
    for (const socket of this.sockets) socket.destroy();
  }

  /** Lets nothing through until {@link resume}; then everything, in order. */
  halt(): void {
    this.held = new Promise((resolve) => (this.release = resolve));
  }

  resume(): void {
    this.release?.();
  }

  private async pass(): Promise<boolean> {
    if (this.isSwallowing) return false;
    if (this.delay > 0) await sleep(this.delay);
    await this.held;
    return true;
  }

  private join(client: Socket): void {
    const server = connect(this.target);
    const cut = (): void => {
      client.destroy();
      // What was said before is delivered, also by a proxy that holds it.
      void asked.then(() => server.end());
    };
    let asked: Promise<unknown> = Promise.resolve();
    const connection: ProxiedConnection = { said: '', cut };
    for (const socket of [client, server]) {
      this.sockets.add(socket);
      socket.on('error', cut).on('close', () => {
        this.sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (data) => {
      const passes = this.pass();
      asked = asked.then(async () => {
        if (!(await passes)) return;
        connection.said += data.toString('latin1');
        if (!server.destroyed) server.write(data);
      });
    });
    let answered: Promise<unknown> = Promise.resolve();
    server.on('data', (data) => {
      const passes = this.pass();
      answered = answered.then(async () => {
        if (!(await passes)) return;
        await this.watch?.(connection, data);
        connection.said = '';
        if (!client.destroyed) client.write(data);
      });
    });
  }
}
