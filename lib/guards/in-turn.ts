/**
 * Goes on with a value: at once if it is there, else when it is. A guard whose answer is in memory so never waits for
 * the microtask queue, which costs more than the answer.
 */
export function inTurn<T, R>(value: T | Promise<T>, next: (value: T) => R | Promise<R>): R | Promise<R> {
  return value instanceof Promise ? value.then(next) : next(value);
}
