import { parse } from './claims.js';
import type { Settings } from './options.js';
import type { SessionChange } from './types.js';

/** What the tabs know together about the session. No token is ever in it. Times are milliseconds since the epoch. */
export interface Note {
  /** When it was written, by this device's clock: the newer note counts. */
  readonly at: number;
  /** What happened, `failed` being a refresh that came to nothing. */
  readonly reason: SessionChange['reason'] | 'failed';
  readonly code?: string | undefined;
  /** When the last failed refresh was. */
  readonly failed?: number | undefined;
  /** Cookies only. */
  readonly sid?: string | undefined;
  /** JSON only: the id, as a string, of the user who signed out. */
  readonly user?: string | undefined;
  /** Cookies only: when the last login or the end was; distinguishes one sign-in from the next. */
  readonly since?: number | undefined;
  /** Cookies only: different after each login and refresh, and 0 when nobody is signed in. */
  readonly stamp?: number | undefined;
  /** Cookies only: when the access token expires, if known. */
  readonly expiresAt?: number | undefined;
  /** Cookies only: how far the server's clock is ahead of this device's. */
  readonly offset?: number | undefined;
}

/** The note that the tabs share, and the news of it. */
export interface Tabs {
  /** The newest note that reached this tab. */
  get(): Partial<Note>;
  /** Writes a note and sends it to the other tabs. */
  post(note: Omit<Note, 'at'>): void;
  close(): void;
}

/** @param news - called when another tab has posted a note */
export function connectTabs({ tabs, name }: Settings, news: (note: Note) => void): Tabs {
  let newest: Partial<Note> & Pick<Note, 'at'> = { at: 0 };
  const keep = (note: Note | undefined): void => {
    if (note && note.at > newest.at) newest = note;
  };
  /**
   * A note that comes late is reported with the reason and code of the newest one. A logout in JSON is never too late: it
   * is about a user and not about one session.
   */
  const hear = (note: Note): void => {
    const { reason = note.reason, code } = newest;
    news(note.at < newest.at ? { ...note, reason, code } : note);
  };
  const byStorage = ({ key, newValue }: Pick<StorageEvent, 'key' | 'newValue'>): void => {
    const note = key === name ? (parse(newValue) as Note | undefined) : undefined;
    if (!note) return;
    keep(note);
    hear(note);
  };
  let channel: BroadcastChannel | undefined;
  try {
    // eslint-disable-next-line @typescript-eslint/no-non-null-assertion -- where there is none, it throws as well
    channel = new tabs.BroadcastChannel!(name);
    channel.onmessage = ({ data }: MessageEvent<Note>) => {
      keep(data);
      hear(data);
    };
    // Node stays alive for an open channel.
    (channel as { unref?: () => void }).unref?.();
  } catch {
    // None, or a forbidden one, as in a sandboxed page: the storage shows what other tabs write.
    tabs.addEventListener?.('storage', byStorage);
  }

  return {
    get() {
      try {
        keep(parse(tabs.localStorage?.getItem(name)) as Note | undefined);
      } catch {
        // Storage may be forbidden: the channel has sent it.
      }
      return newest;
    },
    post(note) {
      newest = { ...note, at: Math.max(Date.now(), newest.at + 0.01) };
      channel?.postMessage(newest);
      try {
        tabs.localStorage?.setItem(name, JSON.stringify(newest));
      } catch {
        // Full or forbidden: the channel has sent it to the tabs that are open.
      }
    },
    close() {
      tabs.removeEventListener?.('storage', byStorage);
      channel?.close();
      // A closed one throws at what is still under way.
      channel = undefined;
    },
  };
}
