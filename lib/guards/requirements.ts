import type { Reflector } from '@nestjs/core';
import type { TokenType } from '../tokens/claims.js';
import { DEFAULT_INSTANCE } from './instance.js';

/** Which token a handler asks for. */
export interface TokenRequirement {
  readonly instance: string;
  readonly type: TokenType;
}

/** Permissions of which all, or any one, must be in the token. */
export interface PermissionRequirement {
  readonly perms: readonly string[];
  readonly any: boolean;
}

/** Metadata keys; symbols, so that they never meet an application's own. */
export const TOKEN_REQUIREMENT = Symbol('jwto.token');
export const PERMISSION_REQUIREMENTS = Symbol('jwto.permissions');
export const PUBLIC = Symbol('jwto.public');
export const CSRF_EXEMPT = Symbol('jwto.csrf-exempt');

/** What a route asks for, by its own metadata and its class's. */
export type RouteRequirements =
  | 'public'
  | {
      readonly token: TokenRequirement;
      readonly permissions: readonly PermissionRequirement[];
      readonly csrfExempt: boolean;
    };

/** @param targets - the handler and its class */
export function readRequirements(reflector: Reflector, targets: Parameters<Reflector['getAll']>[1]): RouteRequirements {
  if (reflector.getAllAndOverride<true | undefined>(PUBLIC, targets)) return 'public';
  const token = reflector.getAllAndOverride<TokenRequirement | undefined>(TOKEN_REQUIREMENT, targets);
  const permissions = reflector.getAll<(PermissionRequirement[] | undefined)[]>(PERMISSION_REQUIREMENTS, targets);
  return {
    token: token ?? { instance: DEFAULT_INSTANCE, type: 'access' },
    permissions: permissions.flatMap((requirements) => requirements ?? []),
    csrfExempt: reflector.getAllAndOverride<true | undefined>(CSRF_EXEMPT, targets) ?? false,
  };
}

/** Whether permissions satisfy every requirement. */
export function satisfies(perms: readonly string[], requirements: readonly PermissionRequirement[]): boolean {
  return requirements.every((requirement) =>
    requirement.any
      ? requirement.perms.some((perm) => perms.includes(perm))
      : requirement.perms.every((perm) => perms.includes(perm)),
  );
}
