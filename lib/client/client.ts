import { JwtoClientError, unreadable } from './errors.js';
import { createLock, createQueue, sleep } from './lock.js';
import { resolveOptions, type JwtoClientOptions } from './options.js';
import { abortable, outgoing, type Outgoing } from './outgoing.js';
import { createRefresher, hasEnded, left, NOT_YET, NOT_YET_PAUSE } from './refresher.js';
import { codeOf, connectServer, refusal } from './server.js';
import { connectTabs, type Note } from './tabs.js';
import type { ClientSession, JwtoClient, SessionChange, SessionClaims, SessionListener } from './types.js';
import { cookieVault, issuedAt, tokenVault, type Held } from './vault.js';

/**
 * Makes a client for one sign-in at one server. Nothing is sent before it is used.
 *
 * @typeParam Claims - what the application's ClaimsProvider adds to the claims
 * @throws TypeError if `baseUrl` is no URL; outside a page it must be absolute
 *
 * @example
 * ```ts
 * const client = createJwtoClient<{ tenant: string }>({ baseUrl: '/', mode: 'TWO-COOKIES' });
 * await client.login({ username: 'alice', password: 'pass' });
 * const orders = await client.fetch('/orders').then((answer) => answer.json());
 * const session = await client.session();
 * session?.claims.tenant;
 * ```
 */
export function createJwtoClient<Claims extends object = object>(
  options: JwtoClientOptions & { mode: 'JSON' | 'TWO-COOKIES' },
): JwtoClient<SessionClaims & Claims>;
export function createJwtoClient<Claims extends object = object>(
  options: JwtoClientOptions,
): JwtoClient<(SessionClaims & Claims) | undefined>;
export function createJwtoClient(options: JwtoClientOptions): JwtoClient<unknown> {
  const settings = resolveOptions(options);
  const { mode, base, origins, refreshBefore, accessTokenLifetime, more, send } = settings;
  const cookies = mode !== 'JSON';
  const shared = cookies || !!settings.storage;
  const listeners = new Set<SessionListener<unknown>>();
  const server = connectServer(settings);
  const tabs = connectTabs(settings, (note) => void heard(note).catch(() => 0));
  const vault = (cookies ? cookieVault : tokenVault)(settings, tabs);
  const lock = createLock(shared ? settings : { ...settings, tabs: {} }, settings.refreshTimeout * 1.6);
  const inOrder = createQueue();

  const sessionOf = ({ claims, expiresAt }: Held): ClientSession<unknown> => ({ claims, expiresAt });
  const describe = (held: Held): ClientSession<unknown> => {
    if (!held.claims && mode === 'TWO-COOKIES') throw unreadable('session_unreadable', settings.payloadCookie, base);
    return sessionOf(held);
  };

  let seen: Held['stamp'] | undefined = shared ? undefined : '';
  const changed = async (reason: SessionChange['reason'], code?: string, remote = false): Promise<void> => {
    const held = await vault.read();
    const stamp = held?.stamp ?? '';
    // With cookies the server may have to be asked, and say that nobody ever was signed in: that is no news.
    if (stamp === seen || (code === 'token_missing' && !(seen ?? stamp))) return;
    seen = stamp;
    for (const listener of [...listeners]) {
      try {
        listener(held && sessionOf(held), { reason, code, remote });
      } catch (error) {
        console.error(error);
      }
    }
  };
  const refresh = createRefresher({ settings, server, vault, tabs, lock, shared, changed });

  const end = async (): Promise<void> => {
    const held = await vault.read();
    if (cookies || held) {
      const answer = await server.ask('DELETE', settings.logout, held?.refresh);
      if (!answer.ok && answer.status !== 401) throw refusal(answer);
    }
    await vault.drop('logout');
    await changed('logout');
  };

  /** Another tab has changed something. */
  const heard = async ({ reason, code, user, at }: Note): Promise<void> => {
    if (reason === 'failed') return;
    const held = await vault.read();
    // Tokens that only this tab has, of the user who has just signed out in another one.
    if (user && held && held.since < at && String(held.claims?.user.id) === user) {
      await vault.drop('ended');
      void server.ask('DELETE', settings.logout, held.refresh).catch(() => 0);
    }
    await changed(reason, code, true);
  };

  /** Waits for a refresh if the token has expired; has one begun if it soon will. */
  const ensure = async (held: Held | null, wait?: boolean): Promise<void> => {
    if (!held) return;
    const { claims } = held;
    const life = claims ? (claims.exp - issuedAt(claims)) * 1000 : accessTokenLifetime;
    if (left(held) > Math.min(refreshBefore, life / 4 || 0)) return;
    const refreshed = refresh(held.stamp);
    refreshed.catch(() => 0);
    if (wait || left(held) <= 0) await refreshed;
  };

  const request = async (
    { url, method, headers: own, repeatable, input }: Outgoing,
    init: RequestInit,
  ): Promise<Response> => {
    if (!origins.includes(url.origin)) return send(input(), init);
    const ours = cookies || !own.has('authorization');
    const look = () => (ours ? vault.read() : null);
    const first = await look();
    await ensure(first, !repeatable);
    for (let refused: Response | undefined; ;) {
      const held = await look();
      // Somebody else's session by now: what was asked in the name of the one is not done in that of the other.
      if (first && held && held.since !== first.since) {
        if (refused) return refused;
        throw new JwtoClientError('session_replaced', 'Signed in anew');
      }
      const attempt = (headers: Headers): Promise<Response> => send(input(), { ...more, ...init, headers });
      const response = await server.prove(method, own, held?.access, attempt, repeatable);
      if (refused || !held || response.status !== 401) return response;
      const code = await codeOf(response);
      if (code === NOT_YET && repeatable) {
        await sleep(NOT_YET_PAUSE);
        refused = response;
        continue;
      }
      if (!hasEnded(code)) return response;
      if (!(await refresh(held.stamp)) || !repeatable) return response;
      refused = response;
    }
  };

  return {
    fetch(input, init = {}) {
      const out = outgoing(input, init, base);
      return abortable(request(out, init), out.signal);
    },
    login(credentials, { signal } = {}) {
      const signIn = async (): Promise<ClientSession<unknown>> => {
        signal?.throwIfAborted();
        const replaced = cookies ? null : await vault.read();
        // Without the signal: an answer whose cookies the browser has taken must be seen, to be ended.
        const answer = await server.ask('POST', settings.login, '', {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...credentials, mode }),
        });
        if (!answer.ok) throw refusal(answer);
        if (signal?.aborted) {
          await server.ask('DELETE', settings.logout, answer.refresh);
          if (cookies) await vault.drop('logout');
          signal.throwIfAborted();
        }
        await vault.take(answer);
        if (replaced) void server.ask('DELETE', settings.logout, replaced.refresh).catch(() => 0);
        await changed('login');
        const held = await vault.read();
        if (!held) throw new JwtoClientError('session_replaced', 'Signed out in another tab meanwhile');
        return describe(held);
      };
      return abortable(
        inOrder(() => lock(signIn)),
        signal,
      );
    },
    logout: () => inOrder(() => lock(end)),
    async session() {
      const held = await vault.read();
      try {
        await (held?.unknown ? refresh(held.stamp) : ensure(held));
      } catch (error) {
        // Offline: who it was is still known.
        if (!held?.claims) throw error;
      }
      const now = await vault.read();
      seen ??= now?.stamp ?? '';
      return now && describe(now);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    dispose() {
      listeners.clear();
      tabs.close();
    },
  };
}
