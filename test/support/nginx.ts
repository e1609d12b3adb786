import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { certificateFor } from './tls.js';

/** The nginx of this machine, if the tests shall use it. */
export const NGINX = process.env['TEST_NGINX'] ?? '';

/** A running nginx. */
export interface Nginx {
  /** To be trusted by clients. */
  ca: string;
  stop: () => Promise<void>;
}

/** Ports that nobody listens on now. */
export async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => once(server.close(), 'close')));
  return ports;
}

/** Starts a TLS proxy for a host: on each port a server with these directives. */
export async function startNginx(host: string, servers: ReadonlyMap<number, string>): Promise<Nginx> {
  const folder = mkdtempSync(join(tmpdir(), 'jwto-nginx-'));
  const { key, cert } = await certificateFor(host);
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (kind) => `${kind}_temp_path ${folder}/${kind};`,
  );
  const blocks = [...servers].map(
    ([port, rules]) => `server { listen 127.0.0.1:${String(port)} ssl; server_name ${host}; ${rules} }`,
  );
  writeFileSync(join(folder, 'key.pem'), key, { mode: 0o600 });
  writeFileSync(join(folder, 'cert.pem'), cert);
  writeFileSync(
    join(folder, 'nginx.conf'),
    `daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log;
     events { worker_connections 64; }
     http { access_log off; ${temporary.join(' ')}
       ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem;
       ${blocks.join('\n')} }`,
  );
  const child = spawn(NGINX, ['-p', folder, '-e', join(folder, 'error.log'), '-c', join(folder, 'nginx.conf')]);
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  for (const port of servers.keys()) {
    for (let tries = 0; !(await answers(port)); tries++) {
      if (tries === 100 || child.exitCode !== null)
        throw new Error(`nginx: ${readFileSync(join(folder, 'error.log'), 'utf8')}`);
      await sleep(50);
    }
  }
  return { ca: cert, stop };
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
