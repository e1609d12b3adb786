// Made from lib/errors/error-table.ts by `npm run docs`.

/** What the server says of a token that will never be accepted again. A code that is not in the list ends nothing. */
export const ENDING_CODES: readonly unknown[] = [
  'token_missing',
  'token_malformed',
  'token_invalid',
  'token_expired',
  'token_revoked',
  'token_reused',
  'user_inactive',
];
