import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { parseSetCookie } from 'set-cookie-parser';
import type { Answer } from './client.js';

/** A request as the bytes of its parts: what `fetch` refuses to send, this sends. */
export interface RawRequest {
  method?: string;
  path: string;
  /** Lines as they go out, characters as Latin-1; `Host` unless it is among them, and `Connection: close` are added. */
  headers?: readonly string[];
  body?: string | Uint8Array;
  /** `false` sends the body without telling its length. */
  contentLength?: boolean;
  /** Over TLS, to this machine whatever the host is called; the certificate of whom to trust. */
  ca?: string | undefined;
}

/** Sends a request over a socket of its own and reads the answer to its end. */
export async function sendRaw(
  url: string,
  { method = 'POST', path, headers = [], body, contentLength = true, ca }: RawRequest,
): Promise<Answer> {
  const { hostname, port, host } = new URL(url);
  const bytes = body === undefined ? undefined : Buffer.from(body);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    ...(headers.some((line) => /^host:/i.test(line)) ? [] : [`Host: ${host}`]),
    'Connection: close',
    ...headers,
    ...(bytes === undefined || !contentLength ? [] : [`Content-Length: ${String(bytes.length)}`]),
  ];
  const head = Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
  const open = (then: () => void): Socket =>
    ca === undefined
      ? connect(Number(port), hostname, then)
      : connectTls({ host: '127.0.0.1', port: Number(port), servername: hostname, ca }, then);
  const answer = await exchange(open, Buffer.concat([head, bytes ?? Buffer.alloc(0)]));
  return parse(answer);
}

/** A JSON body with its header line. */
export function rawJson(text: string | Uint8Array): Pick<RawRequest, 'headers' | 'body'> {
  return { headers: ['Content-Type: application/json'], body: text };
}

function exchange(open: (then: () => void) => Socket, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = open(() => socket.write(request));
    const finish = (error?: Error): void => {
      // A server that refuses early resets the connection while we still write; what it said is here by then.
      if (chunks.length > 0 || error === undefined) resolve(Buffer.concat(chunks));
      else reject(error);
    };
    socket
      .setTimeout(10_000, () => socket.destroy(new Error('no answer within 10 s')))
      .on('data', (chunk: Buffer) => chunks.push(chunk))
      .on('error', finish)
      .on('close', () => {
        finish();
      });
  });
}

function parse(answer: Buffer): Answer {
  const end = answer.indexOf('\r\n\r\n');
  const [status = '', ...lines] = answer.subarray(0, end).toString('latin1').split('\r\n');
  const headers = new Headers();
  for (const line of lines) headers.append(line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1).trim());
  const rest = answer.subarray(end + 4);
  const text = (headers.get('transfer-encoding') === 'chunked' ? unchunk(rest) : rest).toString('utf8');
  const isJson = headers.get('content-type')?.includes('json') === true;
  return {
    status: Number(status.split(' ')[1]),
    headers,
    text,
    json: (isJson && text !== '' ? JSON.parse(text) : {}) as Answer['json'],
    cookies: parseSetCookie(headers.getSetCookie()),
  };
}

function unchunk(body: Buffer): Buffer {
  const parts: Buffer[] = [];
  for (let at = 0; at < body.length;) {
    const line = body.indexOf('\r\n', at);
    const size = parseInt(body.subarray(at, line).toString('latin1'), 16);
    if (!(size > 0)) break;
    parts.push(body.subarray(line + 2, line + 2 + size));
    at = line + 4 + size;
  }
  return Buffer.concat(parts);
}
