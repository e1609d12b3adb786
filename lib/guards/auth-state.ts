import type { JwtoClaims, TokenType } from '../tokens/claims.js';
import { rawOf, type AnyRequest } from '../transports/raw-request.js';

/** What a guard found out about a request. */
export interface AuthState {
  readonly instance: string;
  readonly type: TokenType;
  /** The handler's own copy. */
  readonly claims: JwtoClaims;
}

/** By Node's request, which middleware, guards and handlers of every framework share. */
const STATES = new WeakMap<object, AuthState | 'public'>();

/** Notes who a request is from, for parameter decorators; and as `request.user`, where Nest developers look for it. */
export function setAuthState(request: AnyRequest, state: AuthState | 'public'): void {
  STATES.set(rawOf(request), state);
  if (state !== 'public') (request as { user?: unknown }).user = state.claims.user;
}

/** `undefined` if no guard looked at the request, `'public'` if one let it pass without asking. */
export function authStateOf(request: AnyRequest): AuthState | 'public' | undefined {
  return STATES.get(rawOf(request));
}
