import { unreadable } from './errors.js';
import { createLock } from './lock.js';
import { resolveOptions, type JwtoClientOptions } from './options.js';
import { abortable, outgoing } from './outgoing.js';
import { createRefresher, left } from './refresher.js';
import { codeOf, connectServer, refusal } from './server.js';
import { connectTabs, type Note } from './tabs.js';
import type { ClientSession, JwtoClient, SessionChange, SessionClaims, SessionListener } from './types.js';
import { cookieVault, issuedAt, tokenVault, type Held } from './vault.js';

/** What the server says of an access token where a new one may do. */
const STALE = /^token_(expired|missing|revoked)$/;

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
  const { mode, base, origins, before, lifetime = NaN, send } = settings;
  const cookies = mode !== 'JSON';
  const shared = cookies || !!settings.storage;
  const listeners = new Set<SessionListener<unknown>>();
  const server = connectServer(settings);
  const tabs = connectTabs(settings, (note) => void heard(note).catch(() => 0));
  const vault = (cookies ? cookieVault : tokenVault)(settings, tabs);
  const lock = createLock(shared ? settings : { ...settings, tabs: {} }, settings.timeout * 1.6);

  const describe = ({ claims, expiresAt }: Held): ClientSession<unknown> => {
    if (!claims && mode === 'TWO-COOKIES') throw unreadable('session_unreadable', settings.payloadCookie);
    return { claims, expiresAt };
  };

  let seen = shared ? undefined : '';
  const changed = async (reason: SessionChange['reason'], code?: string, remote = false): Promise<void> => {
    const held = await vault.read();
    const stamp = held?.stamp ?? '';
    if (stamp === seen) return;
    seen = stamp;
    for (const listener of [...listeners]) {
      try {
        listener(held && { claims: held.claims, expiresAt: held.expiresAt }, { reason, code, remote });
      } catch (error) {
        console.error(error);
      }
    }
  };
  const refresh = createRefresher({ settings, server, vault, tabs, lock, shared, changed });

  /** @param tell - whether the server is told */
  const end = async (held: Held | null, tell: boolean): Promise<void> => {
    if (tell) {
      const answer = await server.ask('DELETE', settings.logout, held?.refresh);
      if (!answer.ok && answer.status !== 401) throw refusal(answer);
    }
    await vault.drop('logout');
    await changed('logout');
  };

  /** Another tab has changed something. */
  const heard = async ({ reason, code, user, sid, at }: Note): Promise<void> => {
    if (reason === 'failed') return;
    const held = await vault.read();
    const claims = held?.claims;
    // Tokens that only this tab has, of the user who has just signed out in another one.
    if (!cookies && reason === 'logout' && claims && `${claims.user.id}` === user && held.since < at) {
      await end(held, sid !== claims.sid);
    } else await changed(reason, code, true);
  };

  /** Waits for a refresh if the token has expired; has one begun if it soon will. */
  const ensure = async (held: Held | null, wait?: boolean): Promise<void> => {
    if (!held) return;
    const { claims } = held;
    const life = claims ? (claims.exp - issuedAt(claims)) * 1000 : lifetime;
    if (left(held) > Math.min(before, life / 4 || 0)) return;
    const refreshed = refresh(held.stamp);
    refreshed.catch(() => 0);
    if (wait || left(held) <= 0) await refreshed;
  };

  const request: JwtoClient<unknown>['fetch'] = async (input, init = {}) => {
    const { url, method, headers: own, signal, repeatable, input: target } = outgoing(input, init, base);
    if (!origins.includes(url.origin)) return send(target(), init);
    const usesOurs = cookies || !own.has('authorization');
    if (usesOurs) await abortable(ensure(await vault.read(), !repeatable), signal);
    for (let again = false; ; again = true) {
      const held = await vault.read();
      const headers = new Headers(own);
      if (held?.access && usesOurs) headers.set('authorization', `Bearer ${held.access}`);
      const response = await server.prove(
        method,
        headers,
        (headers) => send(target(), { ...(cookies && { credentials: 'include' }), ...init, headers }),
        repeatable,
      );
      if (again || !held || !usesOurs || response.status !== 401 || !STALE.test(await codeOf(response)))
        return response;
      if (!(await abortable(refresh(held.stamp), signal)) || !repeatable) return response;
    }
  };

  return {
    fetch: request,
    login(credentials, { signal } = {}) {
      const work = lock(async () => {
        const answer = await server.ask('POST', settings.login, '', {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...credentials, mode }),
          ...(signal && { signal }),
        });
        if (!answer.ok) throw refusal(answer);
        await vault.take(answer);
        await changed('login');
        return describe((await vault.read()) as Held);
      });
      return abortable(work, signal);
    },
    logout: () =>
      lock(async () => {
        const held = await vault.read();
        await end(held, cookies || !!held);
      }),
    async session() {
      const held = await vault.read();
      try {
        if (held?.unknown) await refresh(held.stamp);
        else await ensure(held);
      } catch (error) {
        // Offline: who it was is still known.
        if (!held?.claims) throw error;
        return describe(held);
      }
      const now = await vault.read();
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
