import type { Settings } from './options.js';
import type { SessionChange } from './types.js';

/** What the tabs know together about the session. No token is ever in it. Times are milliseconds since the epoch. */
export interface Note {
  /** When it was written, by this device's clock: the newer note counts. */
  readonly at: number;
  /** What happened, `failed` being a refresh that came to nothing. */
  readonly reason: SessionChange['reason'] | 'failed';
  readonly code?: string | undefined;
  /** Whether somebody is signed in. */
  readonly in: boolean;
  /** When the last login or the end was: tells one sign-in from the next. */
  readonly since: number;
  /** Different after each login and refresh. */
  readonly stamp: string;
  /** When the last failed refresh was. */
  readonly failed?: number | undefined;
  /** When the access token expires, by the server's clock, if known. */
  readonly exp?: number | undefined;
  /** How far the server's clock is ahead of this device's. */
  readonly offset: number;
  readonly sid?: string | undefined;
  /** The user's id, as a string. */
  readonly user?: string | undefined;
}

/** The note that the tabs share, and the news of it. */
export interface Tabs {
  /** The newest note that reached this tab. */
  get(): Note | undefined;
  /** Writes a note and tells the other tabs. */
  post(note: Omit<Note, 'at'>): void;
  close(): void;
}

/** @param news - called when another tab has posted a note */
export function connectTabs({ tabs, name }: Settings, news: (note: Note) => void): Tabs {
  const { localStorage, BroadcastChannel, window } = tabs;
  let newest: Note | undefined;
  const adopt = (note: Note | undefined): boolean => {
    if (!note || (newest && note.at <= newest.at)) return false;
    newest = note;
    return true;
  };
  const hear = (note: Note): void => {
    if (adopt(note)) news(note);
  };
  const changed = ({ key, newValue }: Pick<StorageEvent, 'key' | 'newValue'>): void => {
    const note = key === name && parse(newValue);
    if (note) hear(note);
  };
  const channel = BroadcastChannel && new BroadcastChannel(name);
  if (channel) {
    channel.onmessage = ({ data }) => {
      hear(data as Note);
    };
    // Node stays alive for an open channel.
    (channel as { unref?: () => void }).unref?.();
  } else window?.addEventListener('storage', changed);

  return {
    get() {
      try {
        adopt(parse(localStorage?.getItem(name)));
      } catch {
        // What storage does not give, the channel has told.
      }
      return newest;
    },
    post(note) {
      const own = { ...note, at: Math.max(Date.now(), (newest?.at ?? 0) + 0.01) };
      newest = own;
      try {
        localStorage?.setItem(name, JSON.stringify(own));
      } catch {
        // Full or forbidden: the channel still tells the tabs that are open.
      }
      channel?.postMessage(own);
    },
    close() {
      channel?.close();
      window?.removeEventListener('storage', changed);
    },
  };
}

function parse(json: string | null | undefined): Note | undefined {
  try {
    return (json && (JSON.parse(json) as Note)) || undefined;
  } catch {
    return undefined;
  }
}
