import { connect } from 'node:net';
import type { DataSource, QueryRunner } from 'typeorm';

/** So long a CancelRequest may take, in milliseconds. */
const CANCEL_LIMIT = 2000;

/** What the runners of the drivers `postgres` and `mysql` have beside the interface. */
interface PooledRunner {
  releasePostgresConnection?: (error: Error) => Promise<void>;
  databaseConnection?: PgConnection & { destroy?: () => void };
}

/** What is used of a connection of `pg`. */
interface PgConnection {
  readonly _connected?: boolean;
  readonly connection?: { readonly stream?: { destroy(): void } };
  readonly processID?: number | null;
  readonly secretKey?: number | null;
  readonly host?: string;
  readonly port?: number;
}

/** Closes the connection of a runner, whatever runs on it, where the driver can. Its statement fails. */
export function discard(runner: QueryRunner): void {
  const { databaseConnection, releasePostgresConnection } = runner as QueryRunner & PooledRunner;
  if (databaseConnection === undefined) return;
  if (releasePostgresConnection === undefined) {
    databaseConnection.destroy?.();
    return;
  }
  cancel(databaseConnection);
  releasePostgresConnection.call(runner, new Error('it did not answer in time')).catch(() => undefined);
}

/**
 * What closes the connections that `pg` is making at this moment, unless they are there by then. Its pool gives none up:
 * one to a network that does not answer would take a place in it for ever.
 */
export function connectionsBeingMade({ driver }: DataSource): (() => void)[] {
  const { master } = driver as { master?: { _clients?: PgConnection[] } };
  const making = (master?._clients ?? []).filter(({ _connected }) => _connected !== true);
  return making.map((client) => () => {
    if (client._connected !== true) client.connection?.stream?.destroy();
  });
}

/** PostgreSQL notices a closed connection when a statement ends; one that waits for a lock is told by a CancelRequest. */
function cancel({ processID, secretKey, host, port }: PgConnection): void {
  if (typeof processID !== 'number' || typeof secretKey !== 'number' || host === undefined) return;
  const request = Buffer.alloc(16);
  [16, 80_877_102, processID, secretKey].forEach((value, index) => request.writeInt32BE(value, 4 * index));
  const socket = host.startsWith('/') ? connect(`${host}/.s.PGSQL.${String(port)}`) : connect(port ?? 5432, host);
  socket
    .setTimeout(CANCEL_LIMIT, () => socket.destroy())
    .on('error', () => undefined)
    .unref()
    .end(request);
}
