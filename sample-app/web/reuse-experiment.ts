import { announce } from './announcer.js';
import { NotPossible, type Laboratory } from './laboratory.js';

/** `rotationGrace` is at most a minute. */
const LONGEST_GRACE = 65_000;

/**
 * A thief and the owner have the same refresh token. The owner refreshes; the thief comes after the grace in which the
 * owner's own tabs may still come with the old token. How long that is the server does not tell, so it is tried.
 */
export async function reuse(lab: Laboratory): Promise<unknown> {
  const { access, refresh } = await lab.borrow('A second sign-in of alice. Somebody copies its refresh token.');
  const path = lab.refreshPath('refresh_access');
  await lab.send('POST', path, { bearer: refresh, note: 'Its owner refreshes: the token is replaced.' });
  await lab.send('POST', path, {
    bearer: refresh,
    note: 'The old token comes once more, and within the grace gets the same successor: it may be a second tab. Waiting for the end of the grace …',
  });
  announce('Waiting for the end of the rotation grace.');
  const deadline = Date.now() + LONGEST_GRACE;
  let answer: Response;
  while ((answer = await lab.ask('POST', path, { bearer: refresh })).ok) {
    if (Date.now() > deadline) {
      throw new NotPossible('The old token is still good: this server runs with JWTO_ROTATION=false.');
    }
    await pause(500, lab.signal);
  }
  await lab.show(`POST ${path}`, answer, 'The thief comes after the grace.');
  return lab.send('GET', '/testapp/protect/', { bearer: access, note: 'The owner’s access token has ended with it.' });
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}
