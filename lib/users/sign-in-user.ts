import type { SignInUser } from './user-provider.js';

/**
 * Looks at a user before tokens are made of it. Rows come from anywhere: `null` of an optional column is taken for
 * nothing, and what is neither that nor right is refused, because it would be taken for something else: an `isActive` of 0
 * for active, a `perms` of text for its letters, an id of `undefined` for everybody (typeorm/typeorm#9316).
 *
 * @throws TypeError naming the member
 */
export function assertUser(user: SignInUser): SignInUser {
  const { id, username, perms, isActive, stamp } = user as { [Member in keyof SignInUser]: unknown };
  refuseUnless(isText(id) || Number.isSafeInteger(id), 'id: a non-empty string or a whole number');
  refuseUnless(isText(username), 'username: a non-empty string');
  const isList = Array.isArray(perms) && perms.every((perm) => typeof perm === 'string');
  refuseUnless(isNothing(perms) || isList, 'perms: a list of strings, or nothing');
  refuseUnless(isNothing(isActive) || typeof isActive === 'boolean', 'isActive: a boolean, or nothing');
  refuseUnless(isNothing(stamp) || typeof stamp === 'string', 'stamp: a string, or nothing');
  return user;
}

function refuseUnless(fits: boolean, needed: string): void {
  if (!fits) throw new TypeError(`The user needs ${needed}.`);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}
