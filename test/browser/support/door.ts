import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, request as forward } from 'node:https';
import type { AddressInfo } from 'node:net';
import { certificateFor } from '../../support/tls.js';

/** A request that came to the door for the sample. */
export interface Passing {
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** Without the port. */
  readonly host: string;
  /** The header `Cookie`. */
  readonly cookie: string;
  /** The sample's answer; `undefined` before it. */
  status?: number;
  /** Of a refusal. */
  code?: string | undefined;
}

/** What becomes of the sample's reply: it is passed on, or its head comes without cookies and then the line breaks. */
export type Fate = 'pass' | 'lose';

/**
 * The way from the browser to the sample: TLS under any host name on one port, which stays the same when the sample
 * restarts. It keeps `Host`, counts, and can be made to hold or lose what passes.
 */
export interface Door {
  readonly port: number;
  /** `https://<host>:<port>` */
  origin(host: string): string;
  /** Every request for the sample, in order. */
  readonly seen: Passing[];
  /** Those of {@link seen} that ask for a refresh. */
  refreshes(): Passing[];
  /** Awaited before a request is handed to the sample. */
  onRequest: (passing: Passing) => unknown;
  /** Awaited when the sample has answered and the browser knows nothing of it. */
  onReply: (passing: Passing) => Fate | Promise<Fate>;
  /** Where the sample is, from now on. */
  leadTo(port: number): void;
  close(): Promise<void>;
}

const BLANK = '<!doctype html><html lang="en"><title>another host</title><p>another host</p></html>';

/** @param isForeign - hosts that are not the sample's: a page without any content */
export async function openDoor(isForeign: (host: string) => boolean = () => false): Promise<Door> {
  let samplePort = 0;
  const server = createServer(await certificateFor('localhost'), (request, response) => {
    const host = request.headers.host?.replace(/:\d+$/, '') ?? '';
    if (isForeign(host)) response.setHeader('content-type', 'text/html').end(BLANK);
    else pass(request, response, host).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  async function pass(request: IncomingMessage, response: ServerResponse, host: string): Promise<void> {
    const { method = '', url = '', headers, rawHeaders } = request;
    const passing: Passing = { method, path: url.split('?')[0] ?? '', host, cookie: headers.cookie ?? '' };
    door.seen.push(passing);
    const body = Buffer.concat(await request.toArray());
    await door.onRequest(passing);
    const [answer, text] = await ask(samplePort, method, url, rawHeaders, body);
    passing.status = answer.statusCode ?? 0;
    passing.code = /"code":"(\w+)"/.exec(String(text))?.[1];
    if ((await door.onReply(passing)) === 'pass') {
      response.writeHead(passing.status, answer.rawHeaders).end(text);
    } else {
      // A browser asks again by itself if a connection breaks before the head.
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{', () => response.destroy());
    }
  }

  const door: Door = {
    port,
    origin: (host) => `https://${host}:${String(port)}`,
    seen: [],
    refreshes: () => door.seen.filter(({ path }) => /\/(refresh_access|update_refresh)\/?$/.test(path)),
    onRequest: () => undefined,
    onReply: () => 'pass',
    leadTo: (to) => (samplePort = to),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return door;
}

function ask(
  port: number,
  method: string,
  path: string,
  headers: readonly string[],
  body: Buffer,
): Promise<[IncomingMessage, Buffer]> {
  return new Promise((resolve, reject) => {
    // The certificate is the sample's own, for localhost.
    const options = { host: '127.0.0.1', port, method, path, headers, agent: false, rejectUnauthorized: false };
    forward(options, (answer) => {
      answer.toArray().then((chunks: Buffer[]) => {
        resolve([answer, Buffer.concat(chunks)]);
      }, reject);
    })
      .on('error', reject)
      .end(body);
  });
}

/** Something that is waited for and let go by hand. */
export interface Gate {
  /** Waits until it is opened. */
  readonly passed: Promise<void>;
  open(): void;
}

/** A gate that is shut. */
export function gate(): Gate {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open };
}
