/** An event as the sample streams it. */
export interface SampleEvent {
  readonly id: string;
  readonly name: string;
  readonly at: number;
  readonly userId: string | null;
  readonly sid: string | null;
  readonly request: { readonly method: string; readonly path: string; readonly ip: string | null } | null;
  readonly claims: { readonly user?: { readonly username?: string } } | null;
  readonly reason?: string;
}

const NAME = 'jwto sample events';

/**
 * The events of the server, as they happen. A browser opens six connections to a host and a stream takes one for good, so
 * only one of the tabs listens and tells the others; when it is closed the next one does.
 */
export function followEvents(told: (event: SampleEvent) => void, state: (live: boolean) => void): void {
  const known = new Map<string, SampleEvent>();
  const take = (event: SampleEvent): void => {
    if (known.has(event.id)) return;
    known.set(event.id, event);
    told(event);
  };

  const channel = new BroadcastChannel(NAME);
  let listening = false;
  channel.onmessage = ({ data }: MessageEvent<SampleEvent | 'what was there?'>) => {
    if (data !== 'what was there?') {
      state(true);
      take(data);
    } else if (listening) {
      for (const event of known.values()) channel.postMessage(event);
    }
  };
  channel.postMessage('what was there?');

  const listen = (): Promise<never> => {
    listening = true;
    const source = new EventSource('/page/events');
    source.onopen = () => {
      state(true);
    };
    source.onerror = () => {
      state(false);
    };
    source.onmessage = ({ data }: MessageEvent<string>) => {
      const event = JSON.parse(data) as SampleEvent;
      take(event);
      channel.postMessage(event);
    };
    // Until the tab is closed.
    return new Promise(() => undefined);
  };
  // Without Web Locks, as in pages that are neither https nor of localhost, each tab listens.
  if ('locks' in navigator) void navigator.locks.request(NAME, listen);
  else void listen();
}
