import type { InjectionToken } from '@nestjs/common';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { Refusals } from '../credentials/refusal.js';
import type { Authenticator } from './authenticator.js';

/** The name of the instance that has none. */
export const DEFAULT_INSTANCE = 'default';

/** What guards and the Passport strategy need of a module instance. */
export interface JwtoInstance {
  readonly name: string;
  readonly options: ResolvedOptions;
  readonly authenticator: Authenticator;
  readonly refusals: Refusals;
}

/** Under which token a module instance provides its {@link JwtoInstance}. */
export function instanceToken(name: string): InjectionToken {
  return `jwto:instance:${name}`;
}
