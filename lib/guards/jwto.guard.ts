import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import { JwtoError } from '../errors/jwto-error.js';
import { PermissionDeniedError } from '../errors/request-errors.js';
import { permissionsOf, type JwtoClaims } from '../tokens/claims.js';
import { AuthState, authStateOf, setAuthState, setNobody } from '../authentication/auth-state.js';
import type { Authenticated } from '../authentication/authenticator.js';
import { DEFAULT_INSTANCE, instanceToken, type JwtoInstance } from '../authentication/instance.js';
import { requestOf, type HttpPair } from './request-of.js';
import { requirementsOf, satisfies, type PermissionRequirement, type RouteRequirements } from './requirements.js';

/**
 * The one guard behind `@JwtLoginRequired`, `@JwtLoginOptional`, `@JwtPermRequired` and `@JwtRefreshRequired`. As a global
 * guard it asks for an access token everywhere but where `@Public()` stands:
 *
 * @example
 * ```ts
 * providers: [{ provide: APP_GUARD, useClass: JwtoGuard }]
 * ```
 */
@Injectable()
export class JwtoGuard implements CanActivate {
  private readonly instances = new Map<string, JwtoInstance>();

  constructor(private readonly modules: ModuleRef) {}

  /**
   * A boolean where nothing has to be waited for, else a promise of one.
   *
   * @throws JwtoError every code that a guard can refuse with; the contract's order of checks holds
   */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const requirements = requirementsOf(context);
    // A context that cannot be guarded, such as a gateway's, can still be open.
    if (requirements === 'public') return true;
    const pair = requestOf(context);
    const instance = this.instance(requirements.token.instance);
    try {
      const allowed = this.authorize(instance, pair, requirements);
      return allowed instanceof Promise ? allowed.catch((error: unknown) => refuse(instance, pair, error)) : allowed;
    } catch (error) {
      return refuse(instance, pair, error);
    }
  }

  private authorize(
    instance: JwtoInstance,
    { request }: HttpPair,
    { token: { type, isOptional }, permissions, csrfExempt }: Exclude<RouteRequirements, 'public'>,
  ): true | Promise<true> {
    if (isOptional && !instance.authenticator.hasCredential(request, type)) {
      setNobody(request);
      return true;
    }
    // A guard on the method, the class and the application reads the token once a request; what it says is judged anew
    // each time, for a request may live as long as a socket.
    const state = authStateOf(request);
    const known =
      state instanceof AuthState && state.covers(instance.authenticator, type, csrfExempt) ? state : undefined;
    const { authenticator } = instance;
    const found =
      known === undefined
        ? authenticator.authenticate(request, type, csrfExempt)
        : authenticator.confirm(request, type, known.authenticated, csrfExempt);
    const admit = (authenticated: Authenticated): true => {
      if (known?.verified !== authenticated.claims) {
        setAuthState(request, new AuthState(instance.name, type, authenticated, csrfExempt));
      }
      return assertPermitted(authenticated.claims, permissions);
    };
    return found instanceof Promise ? found.then(admit) : admit(found);
  }

  private instance(name: string): JwtoInstance {
    let instance = this.instances.get(name);
    if (instance === undefined) this.instances.set(name, (instance = this.findInstance(name)));
    return instance;
  }

  private findInstance(name: string): JwtoInstance {
    try {
      return this.modules.get<JwtoInstance>(instanceToken(name), { strict: false });
    } catch (error) {
      const call = name === DEFAULT_INSTANCE ? 'JwtoModule.forRoot(…)' : `JwtoModule.forRoot({ name: '${name}', … })`;
      throw new JwtoConfigurationError(`a guard asks for the instance "${name}": import ${call}`, { cause: error });
    }
  }
}

function assertPermitted(claims: JwtoClaims, permissions: readonly PermissionRequirement[]): true {
  if (permissions.length === 0) return true;
  const perms = permissionsOf(claims);
  if (!satisfies(perms, permissions)) throw new PermissionDeniedError(perms.length === 0);
  return true;
}

function refuse(instance: JwtoInstance, { reply }: HttpPair, error: unknown): never {
  if (!(error instanceof JwtoError)) throw error;
  if (reply !== undefined) instance.refusals.setHeaders(reply, error);
  throw instance.refusals.exception(error);
}
