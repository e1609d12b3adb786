import { Injectable, Logger } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import type { JwtoEvent, JwtoEventName, RequestInfo } from './jwto-event.js';
import { EventForwarder } from './event-forwarder.js';

/** What the rooms tell of an event; the bus adds the time, the instance and the rest. */
export type EventDetails = Partial<Omit<JwtoEvent, 'at' | 'instance'>>;

/** Listens to one event. What it returns is not awaited, and what it throws is logged. */
export type JwtoEventHandler = (event: JwtoEvent, name: JwtoEventName) => unknown;

/**
 * The event bus. Handlers run after the write is done and the answer is decided; one that throws, rejects or hangs
 * changes no answer. With \@nestjs/event-emitter in the application, `@OnEvent('jwto.logged_in')` gets the same events.
 *
 * @example
 * ```ts
 * constructor(events: JwtoEvents) {
 *   events.on('jwto.logged_in', ({ userId, at }) => this.users.touch(userId, at));
 * }
 * ```
 */
@Injectable()
export class JwtoEvents {
  private readonly logger = new Logger('Jwto');
  private readonly handlers = new Map<JwtoEventName | '*', Set<JwtoEventHandler>>();

  /** @internal */
  constructor(
    private readonly clock: Clock,
    private readonly forwarder: EventForwarder,
    private readonly instance: string,
  ) {}

  /**
   * @param name - one event, or `'*'` for all of them
   * @returns a function that ends the subscription
   */
  on(name: JwtoEventName | '*', handler: JwtoEventHandler): () => void {
    const handlers = this.handlers.get(name) ?? new Set();
    this.handlers.set(name, handlers.add(handler));
    return () => void handlers.delete(handler);
  }

  /** @internal */
  emit(name: JwtoEventName, details: EventDetails): void {
    const event = freeze({
      at: this.clock.now(),
      instance: this.instance,
      request: copyOf(details.request),
      userId: details.userId ?? null,
      sid: details.sid ?? null,
      claims: details.claims == null ? null : structuredClone(details.claims),
      ...(details.reason === undefined ? {} : { reason: details.reason }),
    });
    for (const handler of [...(this.handlers.get(name) ?? []), ...(this.handlers.get('*') ?? [])]) {
      this.guarded(name, () => handler(event, name));
    }
    this.guarded(name, () => this.forwarder.forward(name, event));
  }

  private guarded(name: JwtoEventName, handle: () => unknown): void {
    const log = (error: unknown): void => {
      this.logger.error(`A handler of ${name} failed`, error instanceof Error ? error.stack : String(error));
    };
    try {
      const result = handle();
      if (isThenable(result)) void Promise.resolve(result).catch(log);
    } catch (error) {
      log(error);
    }
  }
}

/** The caller's own object is not frozen, and nothing else that hangs on it gets into an event. */
function copyOf(request: RequestInfo | null | undefined): RequestInfo | null {
  if (request === null || request === undefined) return null;
  const { method, path, ip, userAgent } = request;
  return { method, path, ip, userAgent };
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}

function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}
