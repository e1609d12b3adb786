import type { SignInUser } from './user-provider.js';

/**
 * Looks at a user before tokens are made of it. Rows come from anywhere: `null` of an optional column counts as
 * missing, and any other wrong value is refused, because it would be misread: an `isActive` of 0 as active, a string in
 * `perms` as its letters, an id of `undefined` as everybody's (typeorm/typeorm#9316).
 *
 * @throws TypeError naming the member
 */
export function assertUser(user: SignInUser): SignInUser {
  const { id, username, perms, isActive, stamp } = user as { [Member in keyof SignInUser]: unknown };
  const isId = isText(id) || Number.isSafeInteger(id) || typeof id === 'bigint' || isObjectId(id);
  refuseUnless(isId, 'id: a non-empty string, a whole number, a BigInt or an ObjectId');
  refuseUnless(isText(username), 'username: a non-empty string');
  refuseUnless(isNothing(perms) || isListOfTexts(perms), 'perms: a list of strings, or nothing');
  refuseUnless(isNothing(isActive) || typeof isActive === 'boolean', 'isActive: a boolean, or nothing');
  refuseUnless(isNothing(stamp) || typeof stamp === 'string', 'stamp: a string, or nothing');
  return user;
}

/**
 * Looks at what a ClaimsProvider puts into the claim `user`, where it replaces the user's own: a string in `perms`
 * would be read as no permission at all.
 *
 * @throws TypeError naming the member
 */
export function assertUserClaims({ perms, username }: { perms?: unknown; username?: unknown }): void {
  refuseUnless(perms === undefined || isListOfTexts(perms), 'perms: a list of strings');
  refuseUnless(username === undefined || isText(username), 'username: a non-empty string');
}

/** A user's id as a string, which it is everywhere but in the claim `user.id`. */
export function idText(id: SignInUser['id']): string {
  return typeof id === 'object' ? id.toHexString() : String(id);
}

/** A user's id as the claim `user.id` has it: JSON knows strings and numbers. */
export function claimId({ id }: SignInUser): string | number {
  return typeof id === 'number' ? id : idText(id);
}

/** MongoDB's, which becomes a string of its hexadecimal digits. */
function isObjectId(id: unknown): boolean {
  const { toHexString } = (id ?? {}) as { toHexString?: unknown };
  return typeof id === 'object' && typeof toHexString === 'function';
}

function refuseUnless(fits: boolean, needed: string): void {
  if (!fits) throw new TypeError(`The user needs ${needed}.`);
}

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null;
}
