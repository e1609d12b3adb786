import type { CanActivate } from '@nestjs/common';
import type { IAuthGuard } from '@nestjs/passport';
import { requirementsOf } from './requirements.js';

type PassportGuard = Pick<IAuthGuard, 'canActivate' | 'getAuthenticateOptions'>;

/** By it a strategy finds among its options that the handler is open. */
const OPEN = Symbol('jwto.open');

const PREPARED = new WeakSet<CanActivate>();

/**
 * Makes an `AuthGuard` that guards the whole application say in the options of its strategies where `@Public()` or
 * `@JwtLoginOptional()` stands, since a strategy knows the request alone; the guard of the latter looks at the token. An
 * `AuthGuard` on a class or a method says nothing, and stays closed.
 */
export function prepareGlobalGuards(guards: readonly CanActivate[]): void {
  for (const guard of guards) {
    if (!isPassportGuard(guard) || PREPARED.has(guard)) continue;
    PREPARED.add(guard);
    const optionsOf = guard.getAuthenticateOptions.bind(guard);
    guard.getAuthenticateOptions = async (context) => {
      const options = await optionsOf(context);
      const requirements = requirementsOf(context);
      const isOpen = requirements === 'public' || requirements.token.isOptional;
      return isOpen ? { ...options, [OPEN]: true } : { ...options };
    };
  }
}

/** Whether a strategy is asked for a handler that is open. */
export function isOpen(options: object): boolean {
  return OPEN in options;
}

function isPassportGuard(guard: CanActivate): guard is PassportGuard {
  return typeof (guard as Partial<PassportGuard>).getAuthenticateOptions === 'function';
}
