/**
 * Whether a statement failed because another one was faster, and will do if it is sent again: PostgreSQL's
 * serialization_failure and deadlock_detected, MariaDB's and MySQL's deadlock and changed record, SQLite's lock of another
 * process.
 */
export function isLostRace(error: unknown): boolean {
  const { code, errno } = driverErrorOf(error);
  if (code === '40001' || code === '40P01' || errno === 1213 || errno === 1020) return true;
  return typeof code === 'string' && code.startsWith('SQLITE_BUSY');
}

/** Whether the server refused a statement by its `Deadline`: PostgreSQL's division by zero, MariaDB's out of range. */
export function isPastDeadline(error: unknown): boolean {
  const { code, errno } = driverErrorOf(error);
  return code === '22012' || errno === 1690;
}

function driverErrorOf(error: unknown): { code?: unknown; errno?: unknown } {
  return (error as { driverError?: { code?: unknown; errno?: unknown } }).driverError ?? {};
}
