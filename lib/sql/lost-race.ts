/** What is read of a driver's error: PostgreSQL's and SQLite's code, MariaDB's number. */
function markOf(error: unknown): { code?: unknown; errno?: unknown } {
  return typeof error === 'object' && error !== null ? error : {};
}

/**
 * Whether a statement failed because another one was faster, and succeeds if it is sent again: PostgreSQL's
 * serialization_failure and deadlock_detected, MariaDB's and MySQL's deadlock and changed record, SQLite's lock of another
 * process.
 */
export function isLostRace(error: unknown): boolean {
  const { code, errno } = markOf(error);
  if (code === '40001' || code === '40P01' || errno === 1213 || errno === 1020) return true;
  return typeof code === 'string' && code.startsWith('SQLITE_BUSY');
}

/** Whether the server refused a statement by its deadline: PostgreSQL's division by zero, MariaDB's out of range. */
export function isPastDeadline(error: unknown): boolean {
  const { code, errno } = markOf(error);
  return code === '22012' || errno === 1690;
}

/** Whether the row of an INSERT is there already. sql.js knows no codes and says it in words. */
export function isDuplicate(error: unknown): boolean {
  const { code, errno } = markOf(error);
  if (code === '23505' || errno === 1062 || code === 'SQLITE_CONSTRAINT_PRIMARYKEY') return true;
  return error instanceof Error && error.message.startsWith('UNIQUE constraint failed');
}
