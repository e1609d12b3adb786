import { createRequire } from 'node:module';
import { Injectable, type OnApplicationBootstrap, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { JwtoEvent, JwtoEventName } from './jwto-event.js';

interface Emitter {
  emitAsync(name: string, event: JwtoEvent): Promise<unknown>;
}

/** Hands events on to \@nestjs/event-emitter, where the application has it. */
@Injectable()
export class EventForwarder implements OnApplicationBootstrap {
  private emitter: Emitter | undefined;

  constructor(private readonly modules: ModuleRef) {}

  onApplicationBootstrap(): void {
    const token = emitterToken();
    if (token === undefined) return;
    try {
      this.emitter = this.modules.get(token, { strict: false });
    } catch {
      // Installed, and not imported by this application.
    }
  }

  /** `emitAsync` and not `emit`: an async handler that rejects would otherwise be an unhandled rejection. */
  forward(name: JwtoEventName, event: JwtoEvent): unknown {
    return this.emitter?.emitAsync(name, event);
  }
}

function emitterToken(): Type<Emitter> | undefined {
  try {
    const installed = createRequire(import.meta.url)('@nestjs/event-emitter') as { EventEmitter2: Type<Emitter> };
    return installed.EventEmitter2;
  } catch {
    return undefined;
  }
}
