import { Buffer } from 'node:buffer';
import { bytesOf, isComplete } from '../grammar/requests.mjs';
import { complaintsAbout } from './oracle.mjs';
import { CPU, isSlow, TOOK } from './stopwatch.mjs';
import { exchange, headerOf, parseAnswers } from './wire.mjs';

/** How long a client waits for what may never be answered, in milliseconds. */
const SHORT_PATIENCE = 60;
const PATIENCE = 5000;

/**
 * Sends requests one behind the other on one socket, and judges what comes back.
 *
 * @returns for each answer the request, and what is wrong with it
 */
export async function sendRound(port, requests, target) {
  const bytes = Buffer.concat(requests.map((request, index) => bytesOf(request, index === requests.length - 1)));
  const allDue = requests.every(isComplete);
  const { bytes: back, closed } = await exchangeOrAgain(port, bytes, allDue ? PATIENCE : SHORT_PATIENCE);
  const answers = parseAnswers(
    back,
    requests.map(({ method }) => method),
  );
  const results = answers.map((answer, index) => ({
    request: requests[index],
    answer,
    complaints: complaintsAbout(requests[index], answer, target),
  }));
  if (allDue && (answers.length === 0 || !closed)) {
    results.push({ request: requests[0], answer: undefined, complaints: ['no answer'] });
  }
  for (const result of results) {
    const slow = result.answer === undefined ? undefined : await slownessOf(port, result);
    if (slow !== undefined) result.complaints.push(slow);
  }
  return results;
}

/**
 * What Node refuses early it answers and then resets, and a reset can overtake the answer while we still write. So
 * nothing but a reset is asked for again: what is never answered complains then.
 */
async function exchangeOrAgain(port, bytes, patience) {
  let result = await exchange(port, bytes, patience);
  for (let again = 0; again < 3 && result.wasReset && result.bytes.length === 0; again++) {
    result = await exchange(port, bytes, patience);
  }
  return result;
}

/** Milliseconds that the server took; `undefined` if Node refused the request by itself. */
export function tookOf(answer) {
  const took = headerOf(answer, TOOK);
  return took === undefined ? undefined : Number(took);
}

/** Asked up to nine times more: a garbage collection, or a busy machine, is not slow each time. */
async function slownessOf(port, { request, answer }) {
  const times = [timesOf(answer)];
  while (times.length < 10 && times.every(isSlow)) {
    const { bytes } = await exchange(port, bytesOf(request), PATIENCE);
    const [again] = parseAnswers(bytes, [request.method]);
    times.push(again === undefined ? NOTHING : timesOf(again));
  }
  return times.every(isSlow) ? `slow: ${times.map(({ took, used }) => `${took} (${used})`).join(', ')} ms` : undefined;
}

const NOTHING = { took: 0, used: 0 };

function timesOf(answer) {
  return { took: tookOf(answer) ?? 0, used: Number(headerOf(answer, CPU) ?? 0) };
}
