/**
 * Whether a statement failed because another one was faster, and will do if it is sent again: PostgreSQL's
 * serialization_failure and deadlock_detected, MariaDB's and MySQL's deadlock and changed record.
 */
export function isLostRace(error: unknown): boolean {
  const { code, errno } = (error as { driverError?: { code?: unknown; errno?: unknown } }).driverError ?? {};
  return code === '40001' || code === '40P01' || errno === 1213 || errno === 1020;
}
