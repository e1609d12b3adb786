import { Buffer } from 'node:buffer';
import { bytesOf } from '../grammar/requests.mjs';
import { exchange, parseAnswers } from './wire.mjs';

/** @returns the one answer to a plain request */
async function send(port, method, target, headers, fields) {
  const request = {
    method,
    target,
    headers: [['Host', `127.0.0.1:${port}`], ['Content-Type', 'application/json'], ...headers],
    body: Buffer.from(JSON.stringify(fields)),
    framing: 'length',
  };
  const { bytes } = await exchange(port, bytesOf(request));
  const [answer] = parseAnswers(bytes, [method]);
  if (answer === undefined || answer.status !== 200) {
    throw new Error(`${method} ${target} was answered with ${answer?.status} ${answer?.text}`);
  }
  return answer;
}

/** Signs in, in the modes that the application has, and gives what a request may carry: live and ended sessions. */
export async function signIn(port, secret, modes) {
  const target = { host: `127.0.0.1:${port}`, secret, tokens: [], cookies: [] };
  for (const [username, password] of [
    ['alice', 'pass'],
    ['admin', 'abc123'],
  ]) {
    for (const mode of modes) {
      const answer = await send(port, 'POST', '/login/', [], { username, password, mode });
      if (mode === 'JSON') target.tokens.push(JSON.parse(answer.text));
      else keepCookies(target, answer);
    }
  }
  const [ended] = target.tokens;
  if (ended !== undefined && modes.includes('JSON')) {
    const { text } = await send(port, 'POST', '/login/', [], { username: 'bob', password: 'pass', mode: 'JSON' });
    const gone = JSON.parse(text);
    await send(port, 'POST', '/api/token/refresh/logout/', [['Authorization', `Bearer ${gone.refresh}`]], {});
    target.tokens.push(gone);
  }
  if (target.cookies.length === 0) target.cookies.push({ jwt_access: 'x' });
  return target;
}

function keepCookies(target, { headers }) {
  const pairs = headers.filter(([name]) => name === 'set-cookie').map(([, value]) => /^([^=]+)=([^;]*)/.exec(value));
  const session = Object.fromEntries(pairs.filter((pair) => pair[2] !== '').map((pair) => [pair[1], pair[2]]));
  target.cookies.push(session);
  target.tokens.push({ access: session.jwt_access ?? session.jwt_access_token, refresh: session.jwt_refresh });
}
