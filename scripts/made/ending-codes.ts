import { ERRORS } from '../../lib/errors/error-table.js';

/** `lib/client/ending-codes.ts`: the client imports nothing outside itself, so it has a copy of what it needs. */
export function endingCodes(): string {
  const codes = Object.entries(ERRORS).flatMap(([code, { endsSession }]) => (endsSession ? [`'${code}'`] : []));
  return `// Made from lib/errors/error-table.ts by \`npm run docs\`.

/** What the server says of a token that will never be accepted again. A code that is not in the list ends nothing. */
export const ENDING_CODES: readonly unknown[] = [${codes.join(', ')}];
`;
}
