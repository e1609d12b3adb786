import { JwtoError } from './jwto-error.js';

/** 400 `request_invalid`: the request cannot be understood, whoever sends it. */
export class RequestInvalidError extends JwtoError {
  constructor(explanation: string, cause?: unknown) {
    super('request_invalid', explanation, { cause });
  }
}

/** 400 `credentials_missing`: names each login field that is missing, empty or not a string. */
export class CredentialsMissingError extends JwtoError {
  /** @param unread - the content type of a body that was not read */
  constructor(fields: readonly string[], unread?: string) {
    const names = fields.map((field) => `"${field}"`).join(' and ');
    const asked = `Send ${names} as ${fields.length > 1 ? 'non-empty strings' : 'a non-empty string'}`;
    const types = 'application/json or application/x-www-form-urlencoded';
    super('credentials_missing', unread === undefined ? `${asked}.` : `${asked}, in ${types}: ${unread} is not read.`);
  }
}

/** 401 `credentials_invalid`: one text for an unknown user, a wrong password and an inactive user (OWASP ASVS 6.3.8). */
export class CredentialsInvalidError extends JwtoError {
  constructor() {
    super('credentials_invalid', 'No active user has this username and password.');
  }
}

/** 429 `login_throttled`: the application's `throttleLogin` refused before the password was looked at. */
export class LoginThrottledError extends JwtoError {
  /** @param retryAfter - seconds until the next attempt may be made */
  constructor(retryAfter: number) {
    super('login_throttled', `Too many login attempts; try again in ${String(retryAfter)} seconds.`, { retryAfter });
  }
}

/** 404 `session_not_found`: the user has no such live session; another user's looks the same. */
export class SessionNotFoundError extends JwtoError {
  constructor() {
    super('session_not_found', 'You have no such session.');
  }
}

/** 403 `permission_denied`: the token is good, its permissions do not suffice. */
export class PermissionDeniedError extends JwtoError {
  /** @param listsNone - whether the token lists no permission at all */
  constructor(listsNone: boolean) {
    super('permission_denied', listsNone ? 'Invalid permissions for jwt token.' : 'Insufficient Permissions.');
  }
}
