import { JwtoClientError } from './errors.js';
import { sleep, type Lock } from './lock.js';
import type { Settings } from './options.js';
import { refusal, type Answer, type Server } from './server.js';
import type { Tabs } from './tabs.js';
import type { SessionChange } from './types.js';
import type { Held, Vault } from './vault.js';

/** What the server says of a refresh token with which there is no going on: the sign-in has ended. */
const ENDED = /^(token_(missing|expired|revoked|reused|invalid|malformed|wrong_type)|user_inactive)$/;

/** How much of the access token's life is left. @returns milliseconds; `undefined` if nobody knows */
export const left = ({ exp, offset }: Held): number | undefined =>
  exp === undefined ? undefined : exp - offset - Date.now();

/** The parts that a refresh needs. */
export interface RefreshParts {
  settings: Settings;
  server: Server;
  vault: Vault;
  tabs: Tabs;
  lock: Lock;
  /** Told when this tab has changed the session. */
  changed: (change: Omit<SessionChange, 'remote'>) => Promise<void>;
}

/**
 * One refresh at a time, in this tab and among all.
 *
 * @returns a function that takes the stamp of the session that is too old, and says whether somebody is signed in after
 * it; it throws `unavailable` or what the server refused with if nobody knows
 */
export function createRefresher({ settings, server, vault, tabs, lock, changed }: RefreshParts) {
  const { refresh: url, timeout, mode, storage } = settings;
  const shared = mode !== 'JSON' || storage !== undefined;
  let flight: Promise<boolean> | undefined;

  const isNew = (held: Held, stale: string): boolean => held.stamp !== stale && (left(held) ?? 1) > 0;

  const ask = async (held: Held): Promise<Answer> => {
    const headers = held.refresh ? { authorization: `Bearer ${held.refresh}` } : {};
    const attempt = async (): Promise<Answer> => {
      const answer = await server.call('POST', url, { headers }, timeout);
      // Cut off, or of something in between: as good as none.
      if (answer.ok && mode === 'JSON' && !(answer.access && answer.refresh)) throw refusal({ ...answer, status: 502 });
      return answer;
    };
    try {
      return await attempt();
    } catch (error) {
      if (!(error instanceof JwtoClientError) || error.code !== 'unavailable' || error.status === 429) throw error;
      // The reply may be what was lost: inside the server's grace the same token gets the same successor.
      await sleep(Math.min((error.retryAfter ?? 1) * 1000, timeout));
      return attempt();
    }
  };

  const renew = async (held: Held): Promise<boolean> => {
    const answer = await ask(held);
    if (!answer.ok) {
      if (answer.status !== 401 || !ENDED.test(String(answer.code))) throw refusal(answer);
      // Only who still has what was refused may say so: another tab can have been faster.
      if (shared) await sleep(30);
      const now = await vault.read();
      if (now && now.stamp !== held.stamp) return true;
      if (now) {
        await vault.drop('ended', String(answer.code));
        await changed({ reason: 'ended', code: String(answer.code) });
      }
      return false;
    }
    const now = await vault.read();
    if (now?.since !== held.since || now.refresh !== held.refresh) {
      // Signed out or in meanwhile, by a tab that did not wait: what this answer brought is of the past. Its cookies
      // may have come back after the end, so they are taken away again.
      if (!now && mode !== 'JSON') await server.call('DELETE', settings.logout).catch(() => undefined);
      return now !== null;
    }
    await vault.take(answer, held, answer.date);
    await changed({ reason: 'refresh' });
    return true;
  };

  const run = async (stale: string): Promise<boolean> => {
    const began = Date.now();
    return lock(async () => {
      for (let look = 0; ; look++) {
        const held = await vault.read();
        if (!held || isNew(held, stale)) return held !== null;
        if ((tabs.get()?.failed ?? 0) > began) throw new JwtoClientError('unavailable', 'Another tab got no answer.');
        if (look || !shared) {
          return renew(held).catch((error: unknown) => {
            const note = tabs.get();
            if (note && shared) tabs.post({ ...note, reason: 'failed', failed: Date.now() });
            throw error;
          });
        }
        // Locks reach a tab sooner than storage does: what the last holder wrote may not be here yet.
        await sleep(30);
      }
    });
  };

  return async (stale: string): Promise<boolean> => {
    const held = await vault.read();
    if (!held || isNew(held, stale)) return held !== null;
    flight ??= run(stale).finally(() => (flight = undefined));
    return flight;
  };
}
