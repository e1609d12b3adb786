import { JwtoError } from './jwto-error.js';

/** 403 `csrf_origin`: the page that sent the request is not one of ours. */
export class CsrfOriginError extends JwtoError {
  constructor(explanation: string, hint?: string) {
    super('csrf_origin', explanation, { hint });
  }
}

/** 403 `csrf_missing`: the header or the cookie with the CSRF token is not there. */
export class CsrfMissingError extends JwtoError {
  constructor(explanation: string, hint?: string) {
    super('csrf_missing', explanation, { hint });
  }
}

/** 403 `csrf_mismatch`: header and cookie differ, or the token belongs to another session. */
export class CsrfMismatchError extends JwtoError {
  constructor(explanation: string, hint?: string) {
    super('csrf_mismatch', explanation, { hint });
  }
}
