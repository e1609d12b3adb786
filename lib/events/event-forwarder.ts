import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import { ModulesContainer } from '@nestjs/core';
import type { JwtoEvent, JwtoEventName } from './jwto-event.js';

interface Emitter {
  emitAsync(name: string, event: JwtoEvent): Promise<unknown>;
}

/** Hands events on to \@nestjs/event-emitter, where the application has it. */
@Injectable()
export class EventForwarder implements OnApplicationBootstrap {
  private readonly logger = new Logger('Jwto');
  private emitter: Emitter | undefined;

  constructor(private readonly modules: ModulesContainer) {}

  onApplicationBootstrap(): void {
    this.emitter = this.find();
    this.logger.debug(
      this.emitter === undefined
        ? 'Events go to JwtoEvents only: the application has no EventEmitterModule'
        : "Events go to JwtoEvents and to the application's EventEmitter2, so to @OnEvent('jwto.…')",
    );
  }

  /** `emitAsync` and not `emit`: an async handler that rejects would otherwise be an unhandled rejection. */
  forward(name: JwtoEventName, event: JwtoEvent): unknown {
    return this.emitter?.emitAsync(name, event);
  }

  /**
   * By what it can do, in Nest's container: the package is optional, and a bundler or a strict installer hides it
   * from a `require` in this package.
   */
  private find(): Emitter | undefined {
    for (const { providers } of this.modules.values()) {
      for (const [token, { instance }] of providers) {
        if (typeof token === 'function' && isEmitter(instance)) return instance;
      }
    }
    return undefined;
  }
}

function isEmitter(value: unknown): value is Emitter {
  const { emitAsync, onAny } = (value ?? {}) as Partial<Emitter> & { onAny?: unknown };
  return typeof emitAsync === 'function' && typeof onAny === 'function';
}
