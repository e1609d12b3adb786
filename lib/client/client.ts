import { JwtoClientError } from './errors.js';
import { createLock } from './lock.js';
import { resolveOptions, type JwtoClientOptions } from './options.js';
import { abortable, outgoing } from './outgoing.js';
import { createRefresher, left } from './refresher.js';
import { connectServer, isCsrf, refusal } from './server.js';
import { connectTabs, type Note } from './tabs.js';
import type { ClientSession, JwtoClient, SessionChange, SessionClaims, SessionListener } from './types.js';
import { cookieVault, tokenVault, type Held } from './vault.js';

/** What the server says of an access token where a new one may do. */
const STALE = /^token_(expired|missing|revoked)$/;

/**
 * Makes a client for one sign-in at one server. Nothing is sent before it is used.
 *
 * @typeParam Claims - what the application's ClaimsProvider adds to the claims
 * @throws JwtoClientError `options_invalid`
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
  options: JwtoClientOptions & { mode: 'ONE-COOKIE'; claimsPath?: undefined },
): JwtoClient<(SessionClaims & Claims) | undefined>;
export function createJwtoClient<Claims extends object = object>(
  options: JwtoClientOptions,
): JwtoClient<SessionClaims & Claims>;
export function createJwtoClient(options: JwtoClientOptions): JwtoClient<unknown> {
  const settings = resolveOptions(options);
  const { mode, base, origins, before, claims: claimsPath } = settings;
  const cookies = mode !== 'JSON';
  const shared = cookies || settings.storage !== undefined;
  const listeners = new Set<SessionListener<unknown>>();
  const server = connectServer(settings);
  const tabs = connectTabs(settings, (note) => void heard(note).catch(() => undefined));
  const vault = (cookies ? cookieVault : tokenVault)(settings, tabs);
  const lock = createLock(shared ? settings : { ...settings, tabs: {} }, settings.timeout * 1.6);
  const refresh = createRefresher({
    settings,
    server,
    vault,
    tabs,
    lock,
    changed: (change) => changed({ ...change, remote: false }),
  });

  let seen = shared ? undefined : '';
  const changed = async (change: SessionChange): Promise<void> => {
    const held = await vault.read();
    const stamp = held?.stamp ?? '';
    if (stamp === seen) return;
    seen = stamp;
    const session = held && (await describe(held).catch(() => known(held, held.claims)));
    for (const listener of [...listeners]) {
      try {
        listener(session, change);
      } catch (error) {
        console.error(error);
      }
    }
  };

  /** Another tab has changed something. */
  const heard = async ({ reason, code, user, sid, at }: Note): Promise<void> => {
    if (reason === 'failed') return;
    const held = await vault.read();
    const claims = held?.claims;
    // Tokens that only this tab has, of the user who has just signed out in another one.
    if (!cookies && reason === 'logout' && claims && String(claims.user.id) === user && held.since < at) {
      await end(held, sid !== claims.sid).catch(() => undefined);
    } else await changed({ reason, code, remote: true });
  };

  const known = ({ exp, offset }: Held, claims: unknown): ClientSession<unknown> => ({
    claims,
    expiresAt: exp === undefined ? undefined : exp - offset,
  });

  let asked: { stamp: string; claims: SessionClaims } | undefined;
  const describe = async (held: Held): Promise<ClientSession<unknown> | null> => {
    if (held.claims) return known(held, held.claims);
    if (claimsPath !== undefined) {
      if (asked?.stamp !== held.stamp) {
        const answer = await request(claimsPath);
        if (answer.status === 401) return null;
        if (!answer.ok) throw new JwtoClientError('unavailable', `${claimsPath}: ${String(answer.status)}`, answer);
        asked = { stamp: held.stamp, claims: (await answer.json()) as SessionClaims };
      }
      return known({ ...held, exp: held.exp ?? asked.claims.exp * 1000 }, asked.claims);
    }
    if (mode === 'ONE-COOKIE') return known(held, undefined);
    throw new JwtoClientError(
      'session_unreadable',
      `This page cannot read the cookie "${settings.payloadCookie}" of ${base.host}. If the page is on another host, ` +
        `set the server's "domain" to the domain of both, or give claimsPath; else check payloadCookie.`,
    );
  };

  /** Has the session refreshed, and waits for it, if its token has expired; shortly before, without waiting. */
  const ensure = async (held: Held | null, signal?: AbortSignal | null, wait = false): Promise<boolean> => {
    const time = held && left(held);
    if (!held || time == null) return true;
    const { exp = 0, iat, refresh_iat: since = exp } = held.claims ?? {};
    const lead = Math.min(before, held.claims ? (exp - (iat ?? since)) * 250 : (settings.lifetime ?? 0) / 4);
    if (time > lead) return true;
    const refreshed = refresh(held.stamp);
    refreshed.catch(() => undefined);
    return time > 0 && !wait ? true : abortable(refreshed, signal);
  };

  const request: JwtoClient<unknown>['fetch'] = async (input, init = {}) => {
    const { url, method, headers: own, signal, repeatable, input: target } = outgoing(input, init, base);
    if (!origins.includes(url.origin)) return settings.send(target(), init);
    const usesOurs = cookies || !own.has('authorization');
    signal?.throwIfAborted();
    if (usesOurs) await ensure(await abortable(vault.read(), signal), signal, !repeatable);
    for (let again = false; ; again = true) {
      const held = await abortable(vault.read(), signal);
      const headers = new Headers(own);
      if (held?.access && usesOurs) headers.set('authorization', `Bearer ${held.access}`);
      const proof = server.prove(method, headers);
      const response = await settings.send(target(), {
        ...init,
        headers,
        ...(cookies && !init.credentials && { credentials: 'include' as const }),
      });
      const { status } = response;
      if (again || !held || !usesOurs || (status !== 401 && status !== 403)) return response;
      const { code } = (await response
        .clone()
        .json()
        .catch(() => ({}))) as { code?: unknown };
      if (status === 401 && STALE.test(String(code))) {
        if (!(await abortable(refresh(held.stamp), signal))) return response;
      } else if (proof !== undefined && !own.has('x-csrftoken') && isCsrf(status, code)) {
        if (!(await abortable(server.renewCsrf(proof), signal))) return response;
      } else return response;
      if (!repeatable) return response;
    }
  };

  /** @param tell - whether the server is told */
  const end = async (held: Held | null, tell: boolean): Promise<void> => {
    if (tell) {
      const headers = held?.refresh ? { authorization: `Bearer ${held.refresh}` } : {};
      const answer = await server.call('DELETE', settings.logout, { headers });
      if (!answer.ok && answer.status !== 401 && answer.status !== 409) throw refusal(answer);
    }
    await vault.drop('logout');
    await changed({ reason: 'logout', remote: false });
  };

  return {
    fetch: request,
    async login(credentials, { signal } = {}) {
      const work = lock(async () => {
        signal?.throwIfAborted();
        const answer = await server.call('POST', settings.login, {
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ ...credentials, mode }),
          signal: signal ?? null,
        });
        if (!answer.ok) throw refusal(answer);
        await vault.take(answer, null, answer.date);
        await changed({ reason: 'login', remote: false });
        const held = await vault.read();
        return held && describe(held);
      });
      return (await abortable(work, signal)) as ClientSession<unknown>;
    },
    logout: () =>
      lock(async () => {
        const held = await vault.read();
        await end(held, cookies || held !== null);
      }),
    async session() {
      const held = await vault.read();
      try {
        if (held?.unknown) await refresh(held.stamp);
        else await ensure(held);
      } catch (error) {
        // Offline: who it was is still known.
        if (!held?.claims) throw error;
      }
      const now = await vault.read();
      return now && describe(now);
    },
    onChange(listener) {
      // A wrapper of its own, so that a listener that was given twice can be taken back once.
      const own: typeof listener = (session, change) => {
        listener(session, change);
      };
      listeners.add(own);
      return () => void listeners.delete(own);
    },
    dispose() {
      listeners.clear();
      tabs.close();
      server.close();
    },
  };
}
