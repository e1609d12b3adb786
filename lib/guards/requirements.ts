import type { ExecutionContext } from '@nestjs/common';
import type { TokenType } from '../tokens/claims.js';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import { DEFAULT_INSTANCE } from '../authentication/instance.js';

/** Which token a decorator asks for. */
export interface TokenRequirement {
  /** `undefined`: the instance that the next target up the chain names, or the default one. */
  readonly instance: string | undefined;
  readonly type: TokenType;
  /** Whether a request without a token passes too, as nobody. */
  readonly isOptional: boolean;
}

/** Permissions of which all, or any one, must be in the token. */
export interface PermissionRequirement {
  readonly perms: readonly string[];
  readonly any: boolean;
}

/** Metadata keys; symbols, so that they never meet an application's own. */
export const TOKEN_REQUIREMENTS = Symbol('jwto.tokens');
export const PERMISSION_REQUIREMENTS = Symbol('jwto.permissions');
export const PUBLIC = Symbol('jwto.public');
export const CSRF_EXEMPT = Symbol('jwto.csrf-exempt');

/** What a route asks for that is not open. */
export interface TokenRequirements {
  readonly token: Omit<TokenRequirement, 'instance'> & { readonly instance: string };
  readonly permissions: readonly PermissionRequirement[];
  readonly csrfExempt: boolean;
}

/** What a route asks for, by its own metadata, its class's, and that of the classes it extends. */
export type RouteRequirements = 'public' | TokenRequirements;

// eslint-disable-next-line @typescript-eslint/no-unsafe-function-type -- what Nest's ExecutionContext gives
type Target = Function;

/** What stands on one target itself. */
interface OwnRequirements {
  readonly isPublic: boolean;
  readonly token: TokenRequirement | undefined;
  readonly permissions: readonly PermissionRequirement[];
  readonly csrfExempt: boolean;
}

/** What is asked of each route is read from its metadata once: that takes longer than to verify a known token. */
const KNOWN = new WeakMap<Target, WeakMap<Target, RouteRequirements>>();

/** The requirements of the handler behind a context. */
export function requirementsOf(context: ExecutionContext): RouteRequirements {
  const [handler, owner] = [context.getHandler(), context.getClass()];
  let ofHandler = KNOWN.get(handler);
  if (ofHandler === undefined) KNOWN.set(handler, (ofHandler = new WeakMap()));
  let known = ofHandler.get(owner);
  if (known === undefined) ofHandler.set(owner, (known = readRequirements(handler, owner)));
  return known;
}

/**
 * The requirements of a handler. The nearest decorator decides whether a token is needed and which one: first the
 * method, then the methods that it overrides, then the class and the classes that it extends. Permissions of all of them
 * add up, and count where a token is required. `@Public()` and `@JwtLoginOptional()` on a class open the methods of that
 * class and of those that extend it, never those of its base.
 */
function readRequirements(handler: Target, controller: Target): RouteRequirements {
  const classes = classesOf(controller);
  const declaredBy = classes.findIndex((one) => methodNames(one).some((name) => methodOf(one, name) === handler));
  const nearest = [
    ...overriddenBy(handler, classes, declaredBy).map((one, index) => requirementsHere(one, index === 0)),
    ...classes.map((one, index) => requirementsHere(one, declaredBy <= index)),
  ];
  const decisive = nearest.find(({ isPublic, token }) => isPublic || token !== undefined);
  if (decisive?.isPublic === true && decisive.token === undefined) return 'public';
  const { type = 'access', isOptional = false } = decisive?.token ?? {};
  const instance = nearest.find(({ token }) => token?.instance !== undefined)?.token?.instance;
  return {
    token: { instance: instance ?? DEFAULT_INSTANCE, type, isOptional },
    permissions: isOptional ? [] : nearest.flatMap(({ permissions }) => permissions),
    csrfExempt: nearest.some(({ csrfExempt }) => csrfExempt),
  };
}

/** What stands on a target, for a handler that it may open or not. */
function requirementsHere(target: Target, mayOpen: boolean): OwnRequirements {
  const own = ownRequirements(target);
  if (mayOpen) return own;
  return { ...own, isPublic: false, token: own.token?.isOptional === true ? undefined : own.token };
}

/** The methods that `@JwtLoginOptional()` on a class opens: those that the class declares without a decorator of their own. */
export function openedMethods(controller: Target): Target[] {
  return methodNames(controller)
    .flatMap((name) => methodOf(controller, name) ?? [])
    .filter((method) => {
      const { isPublic, token } = ownRequirements(method);
      return !isPublic && token === undefined;
    });
}

/** Whether permissions satisfy every requirement. */
export function satisfies(perms: readonly string[], requirements: readonly PermissionRequirement[]): boolean {
  return requirements.every((requirement) =>
    requirement.any
      ? requirement.perms.some((perm) => perms.includes(perm))
      : requirement.perms.every((perm) => perms.includes(perm)),
  );
}

/**
 * Refuses a target that is opened and guarded at once, or guarded in two ways: one of the two was not meant.
 *
 * @param controller - a controller, resolver or gateway
 * @throws JwtoConfigurationError naming the target
 */
export function assertUnambiguous(controller: Target): void {
  for (const one of classesOf(controller)) {
    const targets: [string, Target][] = [[`the class ${one.name}`, one]];
    for (const name of methodNames(one)) {
      const method = methodOf(one, name);
      if (method !== undefined) targets.push([`${one.name}.${name}`, method]);
    }
    for (const [name, target] of targets) {
      const { isPublic, token } = ownRequirements(target, name);
      if (isPublic && token !== undefined) {
        throw new JwtoConfigurationError(
          `@Public() stands on ${name} beside a decorator that asks for a token: remove one of the two`,
        );
      }
    }
  }
}

/** A class and the classes that it extends, the nearest first. */
function classesOf(controller: Target): Target[] {
  const classes: Target[] = [];
  for (
    let one: unknown = controller;
    typeof one === 'function' && one !== Function.prototype;
    one = Object.getPrototypeOf(one)
  ) {
    classes.push(one);
  }
  return classes;
}

function methodNames({ prototype }: Target): string[] {
  return typeof prototype === 'object' && prototype !== null ? Object.getOwnPropertyNames(prototype) : [];
}

/** Getters are not called. */
function methodOf({ prototype }: Target, name: string): Target | undefined {
  const method: unknown = Object.getOwnPropertyDescriptor(prototype, name)?.value;
  return typeof method === 'function' && name !== 'constructor' ? method : undefined;
}

/** The handler, then the methods of that name in the classes that its own class extends. */
function overriddenBy(handler: Target, classes: readonly Target[], declaredBy: number): Target[] {
  const owner = classes[declaredBy];
  const name = owner && methodNames(owner).find((one) => methodOf(owner, one) === handler);
  if (name === undefined) return [handler];
  return [handler, ...classes.slice(declaredBy + 1).flatMap((base) => methodOf(base, name) ?? [])];
}

/** @throws JwtoConfigurationError for decorators that contradict each other, also where the start did not see them */
function ownRequirements(target: Target, place = target.name): OwnRequirements {
  const own = (key: symbol): unknown => Reflect.getOwnMetadata(key, target);
  return {
    isPublic: own(PUBLIC) === true,
    token: joined((own(TOKEN_REQUIREMENTS) ?? []) as TokenRequirement[], place),
    permissions: (own(PERMISSION_REQUIREMENTS) ?? []) as PermissionRequirement[],
    csrfExempt: own(CSRF_EXEMPT) === true,
  };
}

/** What several decorators on one target ask for together; one that names no instance takes that of another. */
function joined(tokens: readonly TokenRequirement[], place: string): TokenRequirement | undefined {
  const [first] = tokens;
  if (first === undefined) return undefined;
  if (tokens.some(({ isOptional }) => isOptional !== first.isOptional)) {
    throw new JwtoConfigurationError(
      `@JwtLoginOptional() stands on ${place} beside a decorator that requires a token: remove one of the two`,
    );
  }
  const types = new Set(tokens.map(({ type }) => type));
  const instances = new Set(tokens.flatMap(({ instance }) => instance ?? []));
  const twice = types.size > 1 ? types : instances.size > 1 ? instances : undefined;
  if (twice === undefined) return { ...first, instance: [...instances][0] };
  throw new JwtoConfigurationError(
    `the decorators on ${place} ask for two ${twice === types ? 'types of token' : 'instances'}, ${[...twice].join(' and ')}: ` +
      'no request has both, so leave one',
  );
}
