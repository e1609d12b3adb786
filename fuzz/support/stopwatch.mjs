import { performance } from 'node:perf_hooks';

/** Milliseconds that the server itself took, in each answer: by the clock, and of the processor. */
export const TOOK = 'x-took';
export const CPU = 'x-cpu';

/**
 * Makes a server say how long each answer took it: from the last byte of the request that it got to the head of the
 * answer. The client's machine, sockets and queues are not in it.
 */
export function timeAnswers(server) {
  server.prependListener('request', (request, response) => {
    let since = performance.now();
    const before = cpu();
    const push = request.push.bind(request);
    request.push = (chunk, encoding) => {
      since = performance.now();
      return push(chunk, encoding);
    };
    const writeHead = response.writeHead.bind(response);
    response.writeHead = (...parts) => {
      if (!response.headersSent) {
        response.setHeader(TOOK, (performance.now() - since).toFixed(3));
        response.setHeader(CPU, (cpu() - before).toFixed(3));
      }
      return writeHead(...parts);
    };
  });
}

/** Milliseconds of the processor that this process has used. */
export function cpu() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Longest that an answer may take, in milliseconds. */
const LIMIT = 50;
/** Longest for one that waits and does not work. */
const WAIT_LIMIT = 1000;

/**
 * Whether something was slow: on a machine that others use too, the clock alone does not tell waiting for a processor
 * from work.
 *
 * @param {{ took: number, used: number }} times - in milliseconds, by the clock and of the processor
 */
export function isSlow({ took, used }) {
  return (took > LIMIT && used > LIMIT) || took > WAIT_LIMIT;
}
