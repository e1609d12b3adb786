import { createJwtoClient, type JwtoClient, type JwtoClientOptions, type SessionClaims } from 'jwto/client';
import { parseSetCookie } from 'set-cookie-parser';
import { vi } from 'vitest';
import type { TestApp } from '../support/test-app.js';
import { FakeLocks } from './fake-locks.js';

/** What the network does with a request; `go` sends it and gives the answer, whose cookies the browser then has. */
export type Network = (request: Sent, go: () => Promise<Response>) => Promise<Response>;

/** A request as it left the browser. */
export interface Sent {
  tab: number;
  method: string;
  url: string;
  path: string;
  headers: Headers;
  body: unknown;
  credentials: string | undefined;
}

interface StoredCookie {
  value: string;
  path: string;
  httpOnly: boolean;
  /** By the server's clock, which the browser's timers are taken to agree with. */
  ends: number;
}

export type TestClient = JwtoClient<SessionClaims>;

/** A tab: a client, and whether the browser lets it run. */
export interface Tab {
  client: TestClient;
  /** Stops its network and its channel for good, as a tab that is frozen. */
  freeze(): void;
}

/** One browser: tabs share its cookies, its `localStorage`, its locks and its channels. Its clock is `Date.now()`. */
export class FakeBrowser {
  readonly cookies = new Map<string, StoredCookie>();
  readonly values = new Map<string, string>();
  readonly locks = new FakeLocks();
  readonly sent: Sent[] = [];
  network: Network = (_sent, go) => go();
  /** What the browser has; take away what it shall lack. */
  readonly window: { locks: boolean; channel: boolean } = { locks: true, channel: true };
  /** How long a message between tabs takes, in milliseconds. */
  delay = 1;
  private readonly channels = new Set<FakeChannel>();
  private readonly open: Tab[] = [];
  private readonly storageListeners = new Map<number, (event: StorageEvent) => void>();

  constructor(
    private readonly app: TestApp,
    private readonly options: Partial<JwtoClientOptions> & Pick<JwtoClientOptions, 'mode'>,
  ) {}

  readonly localStorage = {
    getItem: (key: string): string | null => this.values.get(key) ?? null,
    setItem: (key: string, value: string): void => void this.values.set(key, value),
    removeItem: (key: string): void => void this.values.delete(key),
  };

  /** Opens a tab. */
  tab(options: Partial<JwtoClientOptions> = {}): Tab {
    const number = this.open.length;
    const state = { frozen: false };
    const { channels } = this;
    const delay = (): number => this.delay;
    class TabChannel extends FakeChannel {
      constructor(name: string) {
        super(name, channels, state, delay);
      }
    }
    const client = createJwtoClient({
      baseUrl: this.app.url,
      fetch: (input, init) => this.fetch(number, state, input, init),
      cookies: () => this.readable(),
      tabs: {
        ...(this.window.locks && { navigator: { locks: this.locks as unknown as LockManager } }),
        ...(this.window.channel && { BroadcastChannel: TabChannel as unknown as typeof BroadcastChannel }),
        localStorage: {
          ...this.localStorage,
          setItem: (key: string, newValue: string) => {
            this.localStorage.setItem(key, newValue);
            // Told to the other tabs only.
            for (const [tab, listener] of this.storageListeners) {
              if (tab === number) continue;
              setTimeout(() => {
                listener({ key, newValue } as StorageEvent);
              }, this.delay);
            }
          },
        },
        addEventListener: (_type: 'storage', listener: (event: StorageEvent) => void) =>
          void this.storageListeners.set(number, listener),
        removeEventListener: () => void this.storageListeners.delete(number),
      },
      ...this.options,
      ...options,
    }) as TestClient;
    const tab = { client, freeze: () => void (state.frozen = true) };
    this.open.push(tab);
    return tab;
  }

  /** Opens tabs. */
  tabs(count: number): TestClient[] {
    return Array.from({ length: count }, () => this.tab().client);
  }

  /** The paths that were asked for since the last call, each with its method; all, or those that end so. */
  take(end = ''): string[] {
    return this.sent
      .splice(0)
      .map(({ method, path }) => `${method} ${path}`)
      .filter((line) => line.endsWith(end));
  }

  /** `document.cookie` */
  readable(): string {
    return this.live()
      .filter(([, { httpOnly }]) => !httpOnly)
      .map(([name, { value }]) => `${name}=${value}`)
      .join('; ');
  }

  /** The names of all cookies. */
  names(): string[] {
    return this.live().map(([name]) => name);
  }

  /** How many tabs hear the others. */
  get listening(): number {
    return this.channels.size;
  }

  close(): void {
    for (const { client } of this.open) client.dispose();
  }

  private live(): [string, StoredCookie][] {
    return [...this.cookies].filter(([, { ends }]) => ends > this.app.clock.now());
  }

  private async fetch(
    tab: number,
    state: { frozen: boolean },
    input: string | URL | Request,
    init: RequestInit = {},
  ): Promise<Response> {
    const request = input instanceof Request ? input : undefined;
    const url = new URL(request?.url ?? (input as string));
    const headers = new Headers(init.headers ?? request?.headers);
    const sent: Sent = {
      tab,
      method: init.method ?? request?.method ?? 'GET',
      url: url.href,
      path: url.pathname,
      headers,
      body: init.body,
      credentials: init.credentials,
    };
    this.sent.push(sent);
    const go = async (): Promise<Response> => {
      if (init.signal?.aborted) throw init.signal.reason;
      const cookie = this.live()
        .filter(([, { path }]) => url.pathname.startsWith(path))
        .map(([name, { value }]) => `${name}=${value}`)
        .join('; ');
      const all = new Headers(headers);
      if (cookie !== '' && init.credentials === 'include') all.set('cookie', cookie);
      const response = await fetch(input, { ...init, headers: all });
      if (init.credentials === 'include') for (const line of response.headers.getSetCookie()) this.store(line);
      return response;
    };
    const response = await this.network(sent, go);
    if (state.frozen) await new Promise(() => undefined);
    return response;
  }

  private store(line: string): void {
    for (const { name, value, maxAge = 86_400, path = '/', httpOnly = false } of parseSetCookie([line])) {
      this.cookies.set(name, { value, path, httpOnly, ends: this.app.clock.now() + maxAge * 1000 });
    }
  }
}

/** A BroadcastChannel among the tabs of one browser. */
class FakeChannel {
  onmessage: ((event: { data: unknown }) => void) | null = null;

  constructor(
    readonly name: string,
    private readonly all: Set<FakeChannel>,
    private readonly state: { frozen: boolean },
    private readonly delay: () => number,
  ) {
    all.add(this);
  }

  postMessage(data: unknown): void {
    if (!this.all.has(this)) throw new DOMException('Channel is closed', 'InvalidStateError');
    for (const other of this.all) {
      if (other === this || other.name !== this.name) continue;
      const copy: unknown = structuredClone(data);
      setTimeout(() => {
        if (!other.state.frozen && this.all.has(other)) other.onmessage?.({ data: copy });
      }, this.delay());
    }
  }

  close(): void {
    this.all.delete(this);
  }
}

const real = Date.now;

/** Lets time pass for the server and for the browsers' clock. @param seconds - how much */
export function pass(app: TestApp, seconds: number): void {
  app.clock.advance(seconds);
  const shift = Date.now() - real() + seconds * 1000;
  vi.spyOn(Date, 'now').mockImplementation(() => real() + shift);
}

/** Sets the browsers' clock wrong. @param seconds - how far it is ahead */
export function skew(seconds: number): void {
  vi.spyOn(Date, 'now').mockImplementation(() => real() + seconds * 1000);
}

/** Waits in real time. @param ms - milliseconds */
export const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
