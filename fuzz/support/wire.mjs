import { Buffer } from 'node:buffer';
import { connect } from 'node:net';
import { clearTimeout, setTimeout } from 'node:timers';

/**
 * Sends bytes over a socket of its own and collects what comes back until the server closes, or `patience` milliseconds
 * after the last sign of life.
 *
 * @returns {Promise<{ bytes: Buffer, closed: boolean, wasReset: boolean }>}
 */
export function exchange(port, bytes, patience = 2000) {
  return new Promise((resolve) => {
    const chunks = [];
    let timer;
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const finish = (closed, wasReset = false) => {
      clearTimeout(timer);
      socket.destroy();
      resolve({ bytes: Buffer.concat(chunks), closed, wasReset });
    };
    const wait = () => {
      clearTimeout(timer);
      timer = setTimeout(() => finish(false), patience);
    };
    wait();
    socket.on('connect', () => socket.write(bytes));
    socket.on('data', (chunk) => {
      chunks.push(chunk);
      wait();
    });
    // A server that refuses early resets the connection while we still write.
    socket.on('error', () => finish(true, true));
    socket.on('close', () => finish(true));
  });
}

/**
 * Takes answers apart, one for each request, in order.
 *
 * @param {string[]} methods - of the requests: a HEAD has no body
 * @returns {Answer[]} fewer than requests, if the connection ended before
 */
export function parseAnswers(bytes, methods) {
  const answers = [];
  let rest = bytes;
  for (const method of methods) {
    const end = rest.indexOf('\r\n\r\n');
    if (end < 0) break;
    const [status = '', ...lines] = rest.subarray(0, end).toString('latin1').split('\r\n');
    const headers = lines.map((line) => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
    });
    const answer = { status: Number(status.split(' ')[1]), headers, text: '' };
    rest = rest.subarray(end + 4);
    if (answer.status >= 200 && answer.status !== 204 && answer.status !== 304 && method !== 'HEAD') {
      const { body, length } = takeBody(rest, answer);
      answer.text = body.toString('utf8');
      rest = rest.subarray(length);
    }
    answers.push(answer);
  }
  return answers;
}

/** A header of an answer; `undefined` if it is not there. */
export function headerOf({ headers }, name) {
  return headers.find(([found]) => found === name)?.[1];
}

function takeBody(rest, answer) {
  const told = headerOf(answer, 'content-length');
  if (told !== undefined) return { body: rest.subarray(0, Number(told)), length: Number(told) };
  if (headerOf(answer, 'transfer-encoding') !== 'chunked') return { body: rest, length: rest.length };
  const parts = [];
  let at = 0;
  for (;;) {
    const line = rest.indexOf('\r\n', at);
    const size = line < 0 ? 0 : parseInt(rest.subarray(at, line).toString('latin1'), 16);
    if (!(size > 0)) return { body: Buffer.concat(parts), length: line < 0 ? rest.length : line + 4 };
    parts.push(rest.subarray(line + 2, line + 2 + size));
    at = line + 4 + size;
  }
}
