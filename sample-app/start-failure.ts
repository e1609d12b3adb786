/** One message for whoever starts the sample: what is wrong, without the stack that led there. */
export function describeStartFailure(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // Node tells of a refused connection by an AggregateError without a message, one error an address.
  const own = error instanceof AggregateError ? error.errors.map(describeStartFailure).join('; ') : error.message;
  return error.cause === undefined ? own : `${own}: ${describeStartFailure(error.cause)}`;
}
