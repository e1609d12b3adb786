import { copyClaims, type JwtoClaims, type JwtoUser, type TokenType } from '../tokens/claims.js';
import type { Authenticated, Authenticator } from './authenticator.js';
import type { Carrier } from '../http/carrier.js';

/** What a guard found out about a request. */
export class AuthState {
  /** The handler's own copy. */
  readonly user: JwtoUser;
  private own: JwtoClaims | undefined;

  /**
   * @param authenticated - verified claims, which other requests with the same token see too, and how their token came
   * @param csrfExempt - whether CSRF was left out, as the handler wished
   */
  constructor(
    private readonly type: TokenType,
    readonly authenticated: Authenticated,
    private readonly csrfExempt: boolean,
  ) {
    this.user = copyClaims(authenticated.claims.user);
  }

  /** The handler's own copy of all claims, made when it is asked for: most handlers need the user at most. */
  get claims(): JwtoClaims {
    this.own ??= copyClaims({ ...this.verified, user: this.user });
    this.own.user = this.user;
    return this.own;
  }

  /**
   * Whether this is all that a handler asks for. A request may have come through another application of this process, whose
   * instance has the same name and other users. One HTTP request may have several, in GraphQL: what was found without
   * CSRF is good for the exempt ones only.
   */
  covers(authenticator: Authenticator, type: TokenType, csrfExempt: boolean): boolean {
    return this.authenticated.by === authenticator && this.type === type && (csrfExempt || !this.csrfExempt);
  }

  /** What the token says, whatever the handler has done to its copies. */
  get verified(): JwtoClaims {
    return this.authenticated.claims;
  }
}

/** A property of what everybody shares who gets the request: middleware, guards and handlers of every framework. */
const STATE = Symbol('jwto.auth-state');

interface Marked {
  [STATE]?: AuthState | 'nobody';
}

/**
 * Notes who a request is from, for parameter decorators; and as `request.user`, where Nest developers look for it.
 *
 * @param csrfExempt - whether CSRF was left out, as the handler wished
 */
export function setAuthState(
  { notes, request }: Carrier,
  type: TokenType,
  authenticated: Authenticated,
  csrfExempt = false,
): AuthState {
  const state = new AuthState(type, authenticated, csrfExempt);
  (notes as Marked)[STATE] = state;
  request.user = state.user;
  return state;
}

/** Notes that a guard of ours has found nobody, and forgets whom one has found before; not a user of another guard. */
export function setNobody(carrier: Carrier): void {
  const { notes, request } = carrier;
  const before = authStateOf(carrier);
  if (before instanceof AuthState && request.user === before.user) request.user = undefined;
  (notes as Marked)[STATE] = 'nobody';
}

/** `undefined` if no guard of ours looked at the request, `'nobody'` if the last one found no user. */
export function authStateOf({ notes }: Carrier): AuthState | 'nobody' | undefined {
  return (notes as Marked)[STATE];
}
