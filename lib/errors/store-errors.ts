import { JwtoError } from './jwto-error.js';

/** Half of the default rotation grace: a client that asks again then still finds its replaced token accepted. */
const RETRY_AFTER_SECONDS = 5;

/** 503 `store_unavailable`: the database or the application's user provider cannot answer, and the answer is needed. */
export class StoreUnavailableError extends JwtoError {
  constructor(cause?: unknown) {
    super('store_unavailable', 'Sign-in is temporarily unavailable; try again.', {
      cause,
      retryAfter: RETRY_AFTER_SECONDS,
    });
  }
}
