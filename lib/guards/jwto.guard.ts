import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { ModuleRef, Reflector } from '@nestjs/core';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import { JwtoError } from '../errors/jwto-error.js';
import { PermissionDeniedError } from '../errors/request-errors.js';
import { copyClaims, permissionsOf, type JwtoClaims } from '../tokens/claims.js';
import { authStateOf, setAuthState } from './auth-state.js';
import { DEFAULT_INSTANCE, instanceToken, type JwtoInstance } from './instance.js';
import { requestOf, type HttpPair } from './request-of.js';
import {
  PERMISSION_REQUIREMENTS,
  PUBLIC,
  satisfies,
  TOKEN_REQUIREMENT,
  type PermissionRequirement,
  type TokenRequirement,
} from './requirements.js';

/**
 * The one guard behind `@JwtLoginRequired`, `@JwtPermRequired` and `@JwtRefreshRequired`. As a global guard it asks for
 * an access token everywhere but where `@Public()` stands:
 *
 * @example
 * ```ts
 * providers: [{ provide: APP_GUARD, useClass: JwtoGuard }]
 * ```
 */
@Injectable()
export class JwtoGuard implements CanActivate {
  constructor(
    private readonly modules: ModuleRef,
    private readonly reflector: Reflector,
  ) {}

  /** @throws JwtoError every code that a guard can refuse with; the contract's order of checks holds */
  async canActivate(context: ExecutionContext): Promise<boolean> {
    const targets = [context.getHandler(), context.getClass()];
    const pair = requestOf(context);
    if (this.reflector.getAllAndOverride<true | undefined>(PUBLIC, targets)) {
      if (authStateOf(pair.request) === undefined) setAuthState(pair.request, 'public');
      return true;
    }
    const requirement = this.reflector.getAllAndOverride<TokenRequirement | undefined>(TOKEN_REQUIREMENT, targets) ?? {
      instance: DEFAULT_INSTANCE,
      type: 'access',
    };
    const permissions = this.reflector
      .getAll<(PermissionRequirement[] | undefined)[]>(PERMISSION_REQUIREMENTS, targets)
      .flatMap((requirements) => requirements ?? []);
    await this.authorize(pair, requirement, permissions);
    return true;
  }

  private async authorize(
    pair: HttpPair,
    requirement: TokenRequirement,
    permissions: PermissionRequirement[],
  ): Promise<void> {
    const instance = this.instance(requirement.instance);
    try {
      const claims = await this.authenticate(instance, pair, requirement);
      const perms = permissionsOf(claims);
      if (!satisfies(perms, permissions)) throw new PermissionDeniedError(perms.length === 0);
    } catch (error) {
      if (!(error instanceof JwtoError)) throw error;
      if (pair.reply !== undefined) instance.refusals.setHeaders(pair.reply, error);
      throw instance.refusals.exception(error);
    }
  }

  /** A guard on the method, the class and the application is asked once a request. */
  private async authenticate(
    instance: JwtoInstance,
    { request }: HttpPair,
    { type }: TokenRequirement,
  ): Promise<JwtoClaims> {
    const known = authStateOf(request);
    if (typeof known === 'object' && known.instance === instance.name && known.type === type) return known.claims;
    const { claims } = await instance.authenticator.authenticate(request, type);
    const own = copyClaims(claims);
    setAuthState(request, { instance: instance.name, type, claims: own });
    return own;
  }

  private instance(name: string): JwtoInstance {
    try {
      return this.modules.get<JwtoInstance>(instanceToken(name), { strict: false });
    } catch (error) {
      const call = name === DEFAULT_INSTANCE ? 'JwtoModule.forRoot(…)' : `JwtoModule.forRoot({ name: '${name}', … })`;
      throw new JwtoConfigurationError(`a guard asks for the instance "${name}": import ${call}`, { cause: error });
    }
  }
}
