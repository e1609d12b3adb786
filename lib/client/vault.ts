import { cookieValues, payloadClaims, tokenClaims } from './claims.js';
import type { Settings } from './options.js';
import type { Note, Tabs } from './tabs.js';
import type { SessionClaims } from './types.js';

/** The session as it can be seen from here. Times are milliseconds since the epoch. */
export interface Held {
  /** Different after each login and refresh. */
  readonly stamp: string;
  /** When the sign-in was, by this device's clock. */
  readonly since: number;
  /** `undefined` where the page cannot read them, or the cookie has expired. */
  readonly claims: SessionClaims | undefined;
  /** When the access token expires, by the server's clock, if known. */
  readonly exp: number | undefined;
  /** How far the server's clock was ahead of this device's when the token came. */
  readonly offset: number;
  /** Cookies only: nobody has told yet whether somebody is signed in. */
  readonly unknown?: boolean;
  /** JSON only. */
  readonly access?: string;
  /** JSON only. */
  readonly refresh?: string;
}

/** The tokens that an answer may carry. */
export interface Tokens {
  access?: unknown;
  refresh?: unknown;
}

/** Where the session is between requests: in memory or in a storage, or in the browser's cookies. */
export interface Vault {
  /** `null`: nobody is signed in. */
  read(): Promise<Held | null>;
  /**
   * Takes what a login or a refresh has brought.
   *
   * @param older - the session that was refreshed; none at a login
   * @param serverTime - the `Date` of the answer, if it can be read
   */
  take(tokens: Tokens, older: Held | null, serverTime: number): Promise<void>;
  /** Forgets the session, and tells the other tabs why. */
  drop(reason: 'logout' | 'ended', code?: string): Promise<void>;
}

/** From the issued-at of a token that has just come, so that only what passes from now on is measured here. */
const offsetOf = (claims: SessionClaims | undefined, serverTime: number): number =>
  (claims?.iat === undefined ? serverTime || Date.now() : claims.iat * 1000) - Date.now();

/** Never the same twice. */
const moment = (): number => Date.now() + Math.random();

/** Tokens in memory, or in the application's storage. */
export function tokenVault({ storage, name }: Settings, tabs: Tabs): Vault {
  const key = `${name} tokens`;
  let memory: string | null = null;
  const write = async (value: string | null): Promise<void> => {
    if (!storage) memory = value;
    else if (value === null) await storage.removeItem(key);
    else await storage.setItem(key, value);
  };
  const read = async (): Promise<Held | null> => {
    try {
      const record = JSON.parse((storage ? await storage.getItem(key) : memory) ?? 'null') as Held | null;
      const claims = record && tokenClaims(record.access ?? '');
      return claims ? { ...record, claims, exp: claims.exp * 1000 } : null;
    } catch (error) {
      if (error instanceof SyntaxError) return null;
      throw error;
    }
  };
  const tell = (held: Held | null, reason: Note['reason'], code?: string): void => {
    const claims = held?.claims;
    tabs.post({
      reason,
      code,
      in: reason === 'login' || reason === 'refresh',
      since: 0,
      stamp: '',
      offset: 0,
      sid: claims?.sid,
      user: claims && String(claims.user.id),
    });
  };
  return {
    read,
    async take({ access, refresh }, older, serverTime) {
      const since = older?.since ?? moment();
      const offset = offsetOf(tokenClaims(String(access)), serverTime);
      await write(JSON.stringify({ access, refresh, since, offset, stamp: String(moment()) }));
      tell(null, older ? 'refresh' : 'login');
    },
    async drop(reason, code) {
      const held = await read();
      await write(null);
      tell(held, reason, code);
    },
  };
}

/** Cookies, which only the browser holds; what the page cannot see of them is in the tabs' note. */
export function cookieVault({ mode, cookies, payloadCookie, lifetime }: Settings, tabs: Tabs): Vault {
  const payload = (): [string, SessionClaims | undefined] => {
    const [value = ''] = mode === 'TWO-COOKIES' ? cookieValues(cookies(), payloadCookie) : [];
    return [value, payloadClaims(value)];
  };
  return {
    read() {
      const note = tabs.get();
      const [value, claims] = payload();
      // A cookie that came back with a late answer is of the session that was ended; one of another session is a
      // sign-in that this client did not make.
      if (note?.in === false && (!claims || claims.sid === note.sid)) return Promise.resolve(null);
      return Promise.resolve({
        stamp: value + (note?.stamp ?? ''),
        since: note?.since ?? 0,
        claims,
        // The browser drops the cookie when the token expires.
        exp: claims ? claims.exp * 1000 : note?.sid ? 0 : note?.exp,
        offset: note?.offset ?? 0,
        unknown: !note && !claims,
      });
    },
    take(_tokens, older, serverTime) {
      const [, claims] = payload();
      const offset = offsetOf(claims, serverTime);
      tabs.post({
        reason: older ? 'refresh' : 'login',
        in: true,
        since: older?.since || moment(),
        stamp: String(moment()),
        exp: claims ? claims.exp * 1000 : lifetime && Date.now() + offset + lifetime,
        offset,
        sid: claims?.sid,
      });
      return Promise.resolve();
    },
    drop(reason, code) {
      const sid = payload()[1]?.sid ?? tabs.get()?.sid;
      tabs.post({ reason, code, in: false, since: moment(), stamp: '', offset: 0, sid });
      return Promise.resolve();
    },
  };
}
