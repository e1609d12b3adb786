import { ENDING_CODES } from './ending-codes.js';
import { unavailable, type JwtoClientError } from './errors.js';
import { sleep, type Lock } from './lock.js';
import type { Settings } from './options.js';
import { refusal, type Answer, type Server } from './server.js';
import type { Tabs } from './tabs.js';
import type { SessionChange } from './types.js';
import type { Held, Vault } from './vault.js';

/** The server's clock was set back: the token is accepted when it has caught up. */
export const NOT_YET = 'token_not_yet_valid';
/** Milliseconds before the server is asked again after that. */
export const NOT_YET_PAUSE = 1000;

/** Whether the server says by a code that a token has ended: with a refresh token, the sign-in has ended too. */
export const hasEnded = (code: unknown): boolean => ENDING_CODES.includes(code);

/** How much of the access token's life is left, in milliseconds; endless if nobody knows. */
export const left = ({ expiresAt = Infinity }: Held): number => expiresAt - Date.now();

/** Says whether somebody is signed in, after a refresh if the session still is the one that the stamp is of. */
export type Refresh = (stale: Held['stamp']) => Promise<boolean>;

/** The parts of a {@link Refresh}. */
export interface RefresherParts {
  settings: Settings;
  server: Server;
  vault: Vault;
  tabs: Tabs;
  lock: Lock;
  /** Whether the session is the other tabs' too. */
  shared: boolean;
  /** Called when this tab has changed the session. */
  changed: (reason: SessionChange['reason'], code?: string) => Promise<void>;
}

/**
 * One refresh at a time, in this tab and among all.
 *
 * @returns a function that throws `unavailable`, or what the server refused with, if the session could not be refreshed
 * and has not ended
 */
export function createRefresher({ settings, server, vault, tabs, lock, shared, changed }: RefresherParts): Refresh {
  const { refresh: url, logout, refreshTimeout: timeout, mode } = settings;
  let flight: Promise<boolean> | undefined;

  const isNew = (held: Held, stale: Held['stamp']): boolean => held.stamp !== stale && left(held) > 0;

  const ask = ({ refresh }: Held): Promise<Answer> => server.ask('POST', url, refresh, undefined, timeout);

  const renew = async (held: Held): Promise<boolean> => {
    let answer = await ask(held).catch(async (error: unknown) => {
      const { code, status, retryAfter = 1 } = error as JwtoClientError;
      if (code !== 'unavailable' || status === 429) throw error;
      // The reply may be what was lost: inside the server's grace the same token gets the same successor.
      await sleep(Math.min(retryAfter * 1000, timeout));
      return ask(held);
    });
    if (answer.code === NOT_YET) {
      await sleep(NOT_YET_PAUSE);
      answer = await ask(held);
    }
    const { ok, code } = answer;
    if (!ok) {
      if (!hasEnded(code)) throw refusal(answer);
      if (shared) await sleep(30);
    }
    const now = await vault.read();
    // Signed out or in meanwhile, by a tab that did not wait: whatever the answer is, it is of the past.
    const isPast = now?.since !== held.since || (ok ? now.refresh !== held.refresh : isNew(now, held.stamp));
    if (!isPast) {
      await (ok ? vault.take(answer, held) : vault.drop('ended', code));
      await changed(ok ? 'refresh' : 'ended', code);
      return ok;
    }
    // Its cookies may have come back after the end.
    if (ok && !now && mode !== 'JSON') await server.ask('DELETE', logout).catch(() => 0);
    return !!now;
  };

  return (stale) => {
    const began = Date.now();
    return (flight ??= lock(async () => {
      for (let settled = !shared; ; settled = true) {
        const held = await vault.read();
        if (!held || isNew(held, stale)) return !!held;
        // One from the future was written by a clock that was wrong.
        const { failed = 0 } = tabs.get();
        if (failed > began && failed <= Date.now()) throw unavailable(url, mode !== 'JSON');
        if (settled) {
          return renew(held).catch((error: unknown) => {
            if (shared) tabs.post({ ...tabs.get(), reason: 'failed', failed: Date.now() });
            throw error;
          });
        }
        // Locks reach a tab sooner than storage does: what the last holder wrote may not be here yet.
        await sleep(30);
      }
    }).finally(() => (flight = undefined)));
  };
}
