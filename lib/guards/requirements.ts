import type { TokenType } from '../tokens/claims.js';

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

/** Whether permissions satisfy every requirement. */
export function satisfies(perms: readonly string[], requirements: readonly PermissionRequirement[]): boolean {
  return requirements.every((requirement) =>
    requirement.any
      ? requirement.perms.some((perm) => perms.includes(perm))
      : requirement.perms.every((perm) => perms.includes(perm)),
  );
}
