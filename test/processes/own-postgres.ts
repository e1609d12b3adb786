import { execFile } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const INSTALLED = '/usr/lib/postgresql';

/** The programs of the newest PostgreSQL of this machine, if it has any. */
const BIN = (existsSync(INSTALLED) ? readdirSync(INSTALLED) : [])
  .sort((a, b) => Number(b) - Number(a))
  .map((version) => join(INSTALLED, version, 'bin'))
  .find((folder) => existsSync(join(folder, 'initdb')));
export const HAS_POSTGRES_PROGRAMS = BIN !== undefined;

/** A PostgreSQL server of the test's own, which it starts and stops as it likes. */
export class OwnPostgres {
  private constructor(
    private readonly folder: string,
    readonly port: number,
  ) {}

  static async create(): Promise<OwnPostgres> {
    const folder = mkdtempSync(join(tmpdir(), 'jwto-postgres-'));
    const server = new OwnPostgres(folder, await freePort());
    if (process.getuid?.() === 0) {
      const [uid, gid] = await Promise.all([idOf('-u'), idOf('-g')]);
      chownSync(folder, uid, gid);
    }
    await server.program('initdb', ['-D', server.data, '-U', 'postgres', '-A', 'trust', '--no-sync', '-E', 'UTF8']);
    return server;
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${String(this.port)}/postgres`;
  }

  /** Starts it, and waits until it takes connections. */
  async start(): Promise<void> {
    const options = `-p ${String(this.port)} -k ${this.folder} -c listen_addresses=127.0.0.1 -c fsync=off`;
    const log = join(this.folder, 'server.log');
    await this.program('pg_ctl', ['start', '-w', '-t', '60', '-D', this.data, '-l', log, '-o', options]);
  }

  /** @param mode - `fast` tells its clients; `immediate` is a crash */
  async stop(mode: 'fast' | 'immediate'): Promise<void> {
    await this.program('pg_ctl', ['stop', '-w', '-D', this.data, '-m', mode]);
  }

  async remove(): Promise<void> {
    await this.stop('immediate').catch(() => undefined);
    rmSync(this.folder, { recursive: true });
  }

  private get data(): string {
    return join(this.folder, 'data');
  }

  /** Its programs refuse to run as root. */
  private async program(name: string, args: string[]): Promise<void> {
    const command = [join(BIN ?? '', name), ...args];
    const asPostgres = ['setpriv', '--reuid=postgres', '--regid=postgres', '--clear-groups', '--'];
    const [file = '', ...rest] = process.getuid?.() === 0 ? [...asPostgres, ...command] : command;
    // pg_ctl's server keeps the outputs open: nobody may wait for their end.
    await run(file, rest, { cwd: this.folder, timeout: 90_000 });
  }
}

async function idOf(which: '-u' | '-g'): Promise<number> {
  return Number((await run('id', [which, 'postgres'])).stdout);
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
