import { Module } from '@nestjs/common';
import { JwtoGuard } from './jwto.guard.js';

/**
 * Provides the guard once in an application, however many module instances it has: each of them imports and exports this
 * module, so that `{ provide: APP_GUARD, useExisting: JwtoGuard }` finds it.
 */
@Module({ providers: [JwtoGuard], exports: [JwtoGuard] })
export class JwtoGuardModule {}
