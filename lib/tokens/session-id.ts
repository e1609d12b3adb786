import { randomBytes } from 'node:crypto';

/** The ids of one module instance's sessions. */
export interface SessionIds {
  /** A new id: 128 random bits; of a named instance with its name and a dot before them. */
  readonly create: () => string;
  /**
   * Whether an id can be one of this instance's sessions. Another instance may have the same key, in another process too,
   * and an access token is accepted without a look at the sessions.
   */
  readonly isOwn: (sid: string) => boolean;
}

/** Under which key a module instance provides its {@link SessionIds}. */
export const SESSION_IDS = Symbol('jwto.session-ids');

/** 128 random bits as 22 characters: an id that cannot be guessed. */
export function randomId(): string {
  return randomBytes(16).toString('base64url');
}

/** @param name - of the module instance; `undefined` for the one without a name */
export function sessionIds(name: string | undefined): SessionIds {
  // Neither base64url nor the id of an older session has a dot.
  if (name === undefined) return { create: randomId, isOwn: (sid) => !sid.includes('.') };
  const prefix = `${name}.`;
  return { create: () => prefix + randomId(), isOwn: (sid) => sid.startsWith(prefix) };
}
