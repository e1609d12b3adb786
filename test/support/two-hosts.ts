import { request as forward, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { AbstractHttpAdapter } from '@nestjs/core';
import type { JwtoModuleOptions } from 'jwto';
import { startApp, type TestApp } from './test-app.js';
import { certificateFor } from './tls.js';

export const SITE = 'example.test';
const API = `api.${SITE}`;
const FRONT = `front.${SITE}`;
/** A sibling that is not ours, and a site that is none of ours. */
const OTHERS = [`evil.${SITE}`, 'other.test'];

/** Of the application's `enableCors`. */
export interface Cors {
  origin: true | string | readonly string[];
  credentials?: true;
  methods?: readonly string[];
  allowedHeaders?: readonly string[];
}

/** How a set-up differs from the right one; a function is told the front end's origin. */
export interface TwoHostsOptions {
  adapter?: () => AbstractHttpAdapter;
  options?: (front: string) => Partial<JwtoModuleOptions>;
  /** `false` enables no CORS. */
  cors?: (front: string) => Cors | false;
}

/** A front end and an API on two hosts of one site, over TLS on one port, as a browser would meet them. */
export interface TwoHosts {
  test: TestApp;
  /** Origins: `https://front.example.test:<port>` … */
  front: string;
  api: string;
  /** Of the sibling, and of the other site; both serve the same page as the front end. */
  sibling: string;
  foreign: string;
  port: number;
  /** To be trusted; a browser is told to resolve the hosts to 127.0.0.1. */
  ca: string;
  close: () => Promise<void>;
}

/** The settings of the library that are right for it. */
export const rightOptions = (front: string): Partial<JwtoModuleOptions> => ({
  mode: 'TWO-COOKIES',
  domain: SITE,
  trustedOrigins: [front],
});

/** The application's CORS settings that are right for it. `methods`: Fastify's are GET, HEAD and POST only. */
export const rightCors = (front: string): Cors => ({
  origin: [front],
  credentials: true,
  methods: ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE'],
  allowedHeaders: ['Content-Type', 'X-CSRFToken'],
});

export async function startTwoHosts({
  adapter,
  options = rightOptions,
  cors = rightCors,
}: TwoHostsOptions = {}): Promise<TwoHosts> {
  let appPort = 0;
  const certificate = await certificateFor(API, FRONT, ...OTHERS);
  const door = createServer(certificate, (request, response) => {
    if (request.headers.host?.startsWith(`${API}:`) === true) pass(request, response, appPort);
    else response.setHeader('content-type', 'text/html; charset=utf-8').end(page(`https://${API}:${String(port)}`));
  });
  await new Promise<void>((resolve) => door.listen(0, '127.0.0.1', resolve));
  const { port } = door.address() as AddressInfo;
  const originOf = (host: string | undefined): string => `https://${host ?? ''}:${String(port)}`;
  const front = originOf(FRONT);
  const test = await startApp({
    ...(adapter === undefined ? {} : { adapter }),
    options: options(front),
    setUp: (app) => {
      const settings = cors(front);
      if (settings !== false) app.enableCors(settings);
    },
  });
  appPort = Number(new URL(test.url).port);
  return {
    test,
    front,
    api: originOf(API),
    sibling: originOf(OTHERS[0]),
    foreign: originOf(OTHERS[1]),
    port,
    ca: certificate.cert,
    close: async () => {
      door.closeAllConnections();
      await new Promise((resolve) => door.close(resolve));
      await test.close();
    },
  };
}

/** As a proxy that keeps Host. */
function pass(request: IncomingMessage, response: ServerResponse, port: number): void {
  const { method, url: path, rawHeaders: headers } = request;
  const upstream = forward({ host: '127.0.0.1', port, method, path, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.rawHeaders);
    answer.pipe(response);
  });
  upstream.on('error', () => response.writeHead(502).end());
  request.pipe(upstream);
}

/** A page that calls the API with its cookies: `await call('POST', '/login/', {…})` in the browser's console. */
const page = (api: string): string => `<!doctype html><html lang="en"><title>front</title><h1>front</h1>
<script>
  const cookie = (name) => document.cookie.split('; ').find((pair) => pair.startsWith(name + '='))?.slice(name.length + 1);
  window.call = async (method, path, json, headers = {}) => {
    const csrf = cookie('csrftoken');
    try {
      const answer = await fetch('${api}' + path, {
        method,
        credentials: 'include',
        headers: {
          ...(json === undefined ? {} : { 'content-type': 'application/json' }),
          ...(csrf === undefined ? {} : { 'x-csrftoken': csrf }),
          ...headers,
        },
        body: json === undefined ? undefined : JSON.stringify(json),
      });
      const text = await answer.text();
      return { status: answer.status, code: /"code":"(\\w+)"/.exec(text)?.[1], text };
    } catch (error) {
      return { blocked: String(error) };
    }
  };
</script></html>`;
