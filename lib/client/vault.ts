import { claimsIn, cookieValues, parse, tokenClaims } from './claims.js';
import type { Settings } from './options.js';
import type { Tabs } from './tabs.js';
import type { SessionClaims } from './types.js';

/** The session as it can be seen from here. Times are milliseconds since the epoch, by this device's clock. */
export interface Held {
  /** Different after each login and refresh. */
  readonly stamp: string | number;
  /** When the sign-in was. */
  readonly since: number;
  /** `undefined` where the page cannot read them, or the cookie has expired. */
  readonly claims: SessionClaims | undefined;
  /** When the access token expires, if known. */
  readonly expiresAt: number | undefined;
  /** Cookies only: it is not known yet whether somebody is signed in. */
  readonly unknown?: boolean;
  /** JSON only. */
  readonly access?: string;
  /** JSON only. */
  readonly refresh?: string;
}

/** The tokens that an answer may carry. */
export interface Tokens {
  access?: string;
  refresh?: string;
}

type Awaitable<T> = T | Promise<T>;

/** Where the session is between requests: in memory or in a storage, or in the browser's cookies. */
export interface Vault {
  /** `null`: nobody is signed in. */
  read(): Awaitable<Held | null>;
  /**
   * Takes what a login or a refresh has brought.
   *
   * @param older - the session that was refreshed; none at a login
   */
  take(tokens: Tokens, older?: Held): Awaitable<void>;
  /** Forgets the session, and sends the reason to the other tabs. */
  drop(reason: 'logout' | 'ended', code?: string): Awaitable<void>;
}

/** When a token was issued, in seconds; without `iat`, when its refresh token was. NaN if it does not say. */
export const issuedAt = ({ iat, refresh_iat = NaN }: Partial<SessionClaims>): number => iat ?? refresh_iat;

/**
 * How far the server's clock is ahead: its time is in the token that has just come. So only the time that passes from
 * then on is measured by this device's clock, and it does not matter what time that shows.
 */
const offsetOf = (claims: Partial<SessionClaims> = {}): number => issuedAt(claims) * 1000 - Date.now() || 0;

/** Never the same twice. */
const moment = (): number => Date.now() + Math.random();

/** Tokens in memory, or in the application's storage. */
export function tokenVault({ storage, name }: Settings, tabs: Tabs): Vault {
  const key = `${name} tokens`;
  let memory: string | null = null;
  // What is still in the storage where it did not take what is in memory: that counts until somebody writes.
  let stale: string | null | undefined;
  const read = async (): Promise<Held | null> => {
    const stored = await storage?.getItem(key);
    const record = parse(stored === stale ? memory : stored) as (Held & { offset: number }) | undefined;
    const claims = tokenClaims(record?.access);
    return record && claims ? { ...record, claims, expiresAt: claims.exp * 1000 - record.offset } : null;
  };
  const write = async (value: string | null): Promise<void> => {
    memory = value;
    stale = undefined;
    try {
      await (value ? storage?.setItem(key, value) : storage?.removeItem(key));
    } catch {
      stale = await storage?.getItem(key);
    }
  };
  return {
    read,
    async take({ access, refresh }, older) {
      const since = older?.since ?? moment();
      await write(JSON.stringify({ access, refresh, since, stamp: moment(), offset: offsetOf(tokenClaims(access)) }));
      tabs.post({ reason: older ? 'refresh' : 'login' });
    },
    async drop(reason, code) {
      const user = (await read())?.claims?.user;
      await write(null);
      tabs.post({ reason, code, user: reason === 'logout' && user ? String(user.id) : undefined });
    },
  };
}

/** Cookies, which only the browser holds; what the page cannot see of them is in the tabs' note. */
export function cookieVault({ mode, cookies, payloadCookie, accessTokenLifetime }: Settings, tabs: Tabs): Vault {
  // Garbage that was planted beside it may come first.
  const payload = (): string =>
    cookieValues(mode === 'TWO-COOKIES' ? cookies() : '', payloadCookie).find(claimsIn) ?? '';
  return {
    read() {
      const { stamp, sid, since = 0, offset = 0, expiresAt } = tabs.get();
      const value = payload();
      const claims = claimsIn(value);
      // A cookie that came back with a late answer is of the session that was ended; one of another session is a
      // sign-in that this client did not make.
      if (stamp === 0 && (!claims || claims.sid === sid)) return null;
      return {
        stamp: value + String(stamp),
        since,
        claims,
        // The browser drops the cookie when the token expires.
        expiresAt: claims ? claims.exp * 1000 - offset : sid ? 0 : expiresAt,
        unknown: !(stamp ?? claims),
      };
    },
    take(_tokens, older) {
      const claims = claimsIn(payload());
      tabs.post({
        reason: older ? 'refresh' : 'login',
        since: older?.since ?? moment(),
        stamp: moment(),
        sid: claims?.sid,
        offset: offsetOf(claims),
        expiresAt: Date.now() + accessTokenLifetime || undefined,
      });
    },
    drop(reason, code) {
      const sid = claimsIn(payload())?.sid ?? tabs.get().sid;
      tabs.post({ reason, code, since: moment(), stamp: 0, sid });
    },
  };
}
