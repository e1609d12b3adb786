import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { JwtoGuard } from './jwto.guard.js';
import { documentOptional, documentRefusals } from './openapi.js';
import {
  CSRF_EXEMPT,
  openedMethods,
  PERMISSION_REQUIREMENTS,
  PUBLIC,
  TOKEN_REQUIREMENTS,
  type PermissionRequirement,
  type TokenRequirement,
} from './requirements.js';

/** A decorator of a controller class or of one of its methods. */
export type RouteDecorator = ClassDecorator & MethodDecorator;

/** Options of the guard decorators. */
export interface GuardOptions {
  /**
   * The module instance, where there are several. Two on one target stop the start with a `JwtoConfigurationError`, as do an
   * access and a refresh token. @defaultValue as beside it or on the class; else the one without a name
   */
  instance?: string | undefined;
}

/** Options of {@link JwtPermRequired}. */
export interface PermissionOptions extends GuardOptions {
  /** `true`: any one of the permissions suffices. @defaultValue `false`, all are needed */
  any?: boolean | undefined;
}

/**
 * Lets a request in with a good access token, and no other. On a class for all its routes, or on a method.
 *
 * @example
 * ```ts
 * @Controller('orders')
 * @JwtLoginRequired()
 * class OrdersController {
 *   @Get() list(@CurrentUser() user: JwtoUser) { … }
 * }
 * ```
 */
export function JwtLoginRequired({ instance }: GuardOptions = {}): RouteDecorator {
  return applyDecorators(
    addToken({ instance, type: 'access', isOptional: false }),
    UseGuards(JwtoGuard),
    documentRefusals({ permissions: false }),
  );
}

/**
 * Lets a request in with a good access token, whose user {@link CurrentUser} gives, and one without a token, for which it
 * gives `undefined`. A token that is not accepted is refused as ever, with 401, and CSRF protection holds for one from a
 * cookie.
 *
 * It adds up with the other decorators as {@link Public} does: the nearer one wins, on a class it opens what that class
 * declares, and permissions that stand further away do not count. Beside `@Public()` or a requirement on one and the same
 * target it stops the start with a `JwtoConfigurationError`.
 *
 * @example
 * ```ts
 * @Get() @JwtLoginOptional()
 * list(@CurrentUser() user: JwtoUser | undefined) { … }
 * ```
 */
export function JwtLoginOptional({ instance }: GuardOptions = {}): RouteDecorator {
  return applyDecorators(
    addToken({ instance, type: 'access', isOptional: true }),
    UseGuards(JwtoGuard),
    documentRefusals({ permissions: false }),
    documentOptional(openedMethods),
  );
}

/**
 * Lets a request in whose access token lists these permissions: all of them, or with `any` one. A method's permissions
 * add to its class's, and a class's to those of the class that it extends. It implies {@link JwtLoginRequired}.
 *
 * @throws TypeError at once for an empty list or a permission that is no text: it would guard nothing
 *
 * @example
 * ```ts
 * @Delete(':id') @JwtPermRequired(['orders.view', 'orders.delete'])
 * @Get() @JwtPermRequired(['orders.view', 'orders.audit'], { any: true })
 * ```
 */
export function JwtPermRequired(
  perms: readonly string[],
  { any = false, instance }: PermissionOptions = {},
): RouteDecorator {
  const given: unknown = perms;
  if (!Array.isArray(given) || given.length === 0 || !given.every((perm) => typeof perm === 'string' && perm !== '')) {
    throw new TypeError('JwtPermRequired needs a list of at least one permission, each a non-empty text.');
  }
  return applyDecorators(
    addPermissions({ perms: [...perms], any }),
    addToken({ instance, type: 'access', isOptional: false }),
    UseGuards(JwtoGuard),
    documentRefusals({ permissions: true }),
  );
}

/**
 * Lets a request in with a good refresh token, asked of the database, and no other. In cookie modes the browser sends
 * the refresh cookie only below `refreshCookiePath`.
 */
export function JwtRefreshRequired({ instance }: GuardOptions = {}): RouteDecorator {
  return applyDecorators(
    addToken({ instance, type: 'refresh', isOptional: false }),
    UseGuards(JwtoGuard),
    documentRefusals({ permissions: false }),
  );
}

/**
 * Opens a route, or all routes that a class declares, where {@link JwtoGuard} or `AuthGuard('jwto')` guards everything
 * else; a token that comes along is not looked at. The nearer decorator wins: a method that requires a token stays closed in a public class. Beside
 * a requirement on one and the same target it stops the start with a `JwtoConfigurationError`.
 */
export function Public(): RouteDecorator {
  return SetMetadata(PUBLIC, true);
}

/**
 * Switches CSRF protection off for a route of the application, or all of a class: the guard then takes a token from a
 * cookie without `X-CSRFToken`, wherever the request comes from.
 *
 * Any page that a signed-in user opens can send such a request in their name. It is for routes that change nothing for
 * the user whatever their method (a search by POST), and for routes that prove the caller in another way (a signature
 * in the body).
 *
 * @example
 * ```ts
 * @Post('search') @JwtLoginRequired() @CsrfExempt()
 * ```
 */
export function CsrfExempt(): RouteDecorator {
  return SetMetadata(CSRF_EXEMPT, true);
}

function addToken(requirement: TokenRequirement): RouteDecorator {
  return add(TOKEN_REQUIREMENTS, requirement);
}

function addPermissions(requirement: PermissionRequirement): RouteDecorator {
  return add(PERMISSION_REQUIREMENTS, requirement);
}

/** Adds to what stands on the very same target: a second decorator must not take the first one's place. */
function add(key: symbol, requirement: object): RouteDecorator {
  return (target: object, _name?: string | symbol, descriptor?: PropertyDescriptor) => {
    const place: object = (descriptor?.value as object | undefined) ?? target;
    const before = (Reflect.getOwnMetadata(key, place) ?? []) as object[];
    Reflect.defineMetadata(key, [...before, requirement], place);
  };
}
