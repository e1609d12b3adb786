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

/** What tabs tell each other: a question, whether the stream is open, or an event. */
type Message = 'what is there?' | boolean | SampleEvent;

/**
 * The events of the server, as they happen. A browser opens six connections to a host and a stream takes one for good, so
 * only one of the tabs listens and tells the others; when it is closed the next one does.
 */
export function followEvents(told: (event: SampleEvent) => void, state: (live: boolean) => void): void {
  const known = new Map<string, SampleEvent>();
  const take = (message: boolean | SampleEvent): void => {
    if (typeof message === 'boolean') state(message);
    else if (!known.has(message.id)) {
      known.set(message.id, message);
      told(message);
    }
  };

  const channel = new BroadcastChannel(NAME);
  const say = (message: Message): void => {
    channel.postMessage(message);
  };
  let source: EventSource | undefined;
  channel.onmessage = ({ data }: MessageEvent<Message>) => {
    if (data !== 'what is there?') take(data);
    else if (source !== undefined) [...known.values(), source.readyState === EventSource.OPEN].forEach(say);
  };
  say('what is there?');

  const listen = (): Promise<never> => {
    source = new EventSource('/page/events');
    const pass = (message: boolean | SampleEvent): void => {
      take(message);
      say(message);
    };
    source.onopen = () => {
      pass(true);
    };
    source.onerror = () => {
      pass(false);
    };
    source.onmessage = ({ data }: MessageEvent<string>) => {
      pass(JSON.parse(data) as SampleEvent);
    };
    // Until the tab is closed.
    return new Promise(() => undefined);
  };
  // Without Web Locks, as in pages that are neither https nor of localhost, each tab listens.
  if ('locks' in navigator) void navigator.locks.request(NAME, listen);
  else void listen();
}
