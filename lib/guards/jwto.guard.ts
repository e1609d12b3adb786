import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import { JwtoError } from '../errors/jwto-error.js';
import { PermissionDeniedError } from '../errors/request-errors.js';
import { permissionsOf, type JwtoClaims } from '../tokens/claims.js';
import { AuthState, authStateOf, setAuthState, setNobody } from '../authentication/auth-state.js';
import type { Authenticated } from '../authentication/authenticator.js';
import { DEFAULT_INSTANCE, instanceToken, type JwtoInstance } from '../authentication/instance.js';
import type { Carrier } from '../http/carrier.js';
import { carrierIn, replyIn } from './context-carrier.js';
import { requirementsOf, satisfies, type PermissionRequirement, type TokenRequirements } from './requirements.js';

/**
 * The one guard behind `@JwtLoginRequired`, `@JwtLoginOptional`, `@JwtPermRequired` and `@JwtRefreshRequired`. As a global
 * guard it asks for an access token everywhere but where `@Public()` stands. `JwtoModule` provides and exports it.
 *
 * A subclass changes what is guarded, where the token is found and how a request is refused, in the hooks
 * {@link JwtoGuard.shouldSkip}, {@link JwtoGuard.getCarrier} and {@link JwtoGuard.refuse}. The decorators bring this class
 * itself, so that a route that has one is still guarded where a global subclass skips it.
 *
 * @example
 * ```ts
 * providers: [{ provide: APP_GUARD, useExisting: JwtoGuard }]
 *
 * @Injectable()
 * class AppGuard extends JwtoGuard {
 *   protected override shouldSkip(context: ExecutionContext): boolean {
 *     return context.getType() === 'rpc';
 *   }
 *   protected override refuse(context: ExecutionContext, error: JwtoError): never {
 *     if (error.code === 'permission_denied') throw new NotFoundException();
 *     return super.refuse(context, error);
 *   }
 * }
 * providers: [{ provide: APP_GUARD, useClass: AppGuard }]
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
    const skips = this.shouldSkip(context);
    if (skips instanceof Promise) return skips.then((skip) => skip || this.judge(context, requirements));
    return skips || this.judge(context, requirements);
  }

  /**
   * Whether a request is let in without a look at its token, as on a `@Public()` route; asked for every other route, before
   * anything is read. Nobody is signed in then: where the handler has `@CurrentUser()`, put a user on `request.user`.
   *
   * @returns `false`, unless a subclass overrides it
   */
  protected shouldSkip(_context: ExecutionContext): boolean | Promise<boolean> {
    return false;
  }

  /**
   * What a context gives for judging who asks. An override gives the carrier of a context that the guard does not know, or
   * finds the token somewhere else, in a carrier that extends another's.
   *
   * @throws JwtoConfigurationError for a context other than an HTTP route or a GraphQL operation
   */
  protected getCarrier(context: ExecutionContext): Carrier {
    return carrierIn(context);
  }

  /**
   * Refuses a request: sets the headers of the refusal on the reply, where the context has one, and throws the exception
   * that the application's filters see. An override throws, too.
   *
   * @param error - why the request is refused
   * @throws JwtoError the given one; an HttpException with it as its cause, where an `errorMapper` is set
   */
  protected refuse(context: ExecutionContext, error: JwtoError): never {
    const requirements = requirementsOf(context);
    const { refusals } = this.instance(requirements === 'public' ? DEFAULT_INSTANCE : requirements.token.instance);
    const reply = replyIn(context);
    if (reply !== undefined) refusals.setHeaders(reply, error);
    throw refusals.exception(error);
  }

  private judge(context: ExecutionContext, requirements: TokenRequirements): boolean | Promise<boolean> {
    const carrier = this.getCarrier(context);
    const instance = this.instance(requirements.token.instance);
    try {
      const allowed = this.authorize(instance, carrier, requirements);
      return allowed instanceof Promise ? allowed.catch((error: unknown) => this.fail(context, error)) : allowed;
    } catch (error) {
      return this.fail(context, error);
    }
  }

  private fail(context: ExecutionContext, error: unknown): never {
    if (error instanceof JwtoError) return this.refuse(context, error);
    throw error;
  }

  private authorize(
    instance: JwtoInstance,
    carrier: Carrier,
    { token: { type, isOptional }, permissions, csrfExempt }: TokenRequirements,
  ): true | Promise<true> {
    if (isOptional && !instance.authenticator.hasCredential(carrier, type)) {
      setNobody(carrier);
      return true;
    }
    // A guard on the method, the class and the application reads the token once a request; what it says is judged anew
    // each time, for a request may live as long as a socket.
    const state = authStateOf(carrier);
    const known =
      state instanceof AuthState && state.covers(instance.authenticator, type, csrfExempt) ? state : undefined;
    const { authenticator } = instance;
    const found =
      known === undefined
        ? authenticator.authenticate(carrier, type, csrfExempt)
        : authenticator.confirm(carrier, type, known.authenticated, csrfExempt);
    const admit = (authenticated: Authenticated): true => {
      if (known?.verified !== authenticated.claims) {
        setAuthState(carrier, type, authenticated, csrfExempt);
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
