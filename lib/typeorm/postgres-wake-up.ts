import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { within } from '../clock/time-limit.js';
import { WakeUp } from '../store/wake-up.js';

const CHANNEL = 'jwto';
const RECONNECT = 1000;
/** The connection that listens is closed in this time, or destroyed; milliseconds. */
const END_LIMIT = 1000;
/** It is made in this time, and answers in this time, or is given up; milliseconds. */
const ANSWER_LIMIT = 5000;
/** It is asked so often whether it still is there, in milliseconds: a network that loses it tells nobody. */
const HEARTBEAT = 15_000;

/** What is used of a client of the package `pg`. */
interface PgClient {
  connect(): Promise<void>;
  query(sql: string): Promise<unknown>;
  on(event: 'notification' | 'error' | 'end', listener: () => void): void;
  removeAllListeners(): void;
  end(): Promise<void>;
  readonly connection?: { readonly stream?: { unref?: () => void; destroy(): void } };
}

interface PostgresDriver {
  postgres: { Client: new (options: unknown) => PgClient };
  master: { options: unknown };
}

/**
 * LISTEN and NOTIFY. It has a connection of its own, so that a pool of one is not used up.
 */
export class PostgresWakeUp extends WakeUp {
  private readonly logger = new Logger('Jwto');
  private client: PgClient | undefined;
  private timer: NodeJS.Timeout | undefined;
  private heartbeat: NodeJS.Timeout | undefined;
  private stopped = false;
  private sending = false;

  /** @param notify - sends NOTIFY on the channel, in the background */
  constructor(
    private readonly dataSource: DataSource,
    private readonly notify: (channel: string) => Promise<unknown>,
  ) {
    super();
  }

  override send(): void {
    if (this.sending || this.stopped) return;
    this.sending = true;
    // Many revocations at once, of a user's sessions, are one message.
    setImmediate(() => {
      // What is revoked from here on is not in it.
      this.sending = false;
      this.notify(CHANNEL).catch(() => undefined);
    });
  }

  override listen(wake: () => void): void {
    if (!this.stopped) void this.connect(wake);
  }

  override async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    clearInterval(this.heartbeat);
    if (this.client !== undefined) await close(this.client);
  }

  private async connect(wake: () => void): Promise<void> {
    const { postgres, master } = this.dataSource.driver as unknown as PostgresDriver;
    const client = new postgres.Client(master.options);
    this.client = client;
    const again = (): void => {
      if (this.stopped || this.client !== client) return;
      this.client = undefined;
      clearInterval(this.heartbeat);
      void close(client);
      this.timer = setTimeout(() => {
        this.listen(wake);
      }, RECONNECT).unref();
    };
    client.on('notification', wake);
    client.on('error', again);
    client.on('end', again);
    try {
      const connected = client.connect();
      letGo(client);
      await within(ANSWER_LIMIT, connected);
      // With TLS it is another socket by now.
      letGo(client);
      await within(ANSWER_LIMIT, client.query(`LISTEN ${CHANNEL}`));
      wake();
      if (this.stopped || this.client !== client) return;
      this.heartbeat = setInterval(() => {
        within(ANSWER_LIMIT, client.query('SELECT 1')).catch(again);
      }, HEARTBEAT).unref();
    } catch (error) {
      this.logger.debug(`LISTEN is not possible now: ${(error as Error).message}`);
      again();
    }
  }
}

/** A script that is done must end, as it does where nobody listens. */
function letGo({ connection }: PgClient): void {
  connection?.stream?.unref?.();
}

/** A server that does not answer must not hold the shutdown up, nor leave a socket behind. */
async function close(client: PgClient): Promise<void> {
  client.removeAllListeners();
  // A listener must stay: a client without one throws what comes late.
  client.on('error', () => undefined);
  await within(END_LIMIT, client.end()).catch(() => undefined);
  client.connection?.stream?.destroy();
}
