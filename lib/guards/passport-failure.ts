type Callback = (error: unknown, user?: unknown, info?: unknown, status?: unknown) => unknown;

/** What is used of Passport. */
export interface PassportLike {
  authenticate(strategy: unknown, options?: unknown, callback?: Callback): unknown;
}

/** The refusals that were given to Passport as failures. */
const FAILURES = new WeakSet<object>();

/** Passports that answer failures of ours; the application and its tests share one. */
const ANSWERING = new WeakSet<PassportLike>();

/** Makes a refusal one that leaves the word to the next strategy, and is the answer where all of them refuse. */
export function asFailure<Refusal extends object>(refusal: Refusal): Refusal {
  FAILURES.add(refusal);
  return refusal;
}

/**
 * Makes Passport call back with our refusal as the error where all strategies have failed. It calls back with no error
 * else, and of that `AuthGuard` makes a 401 without code and explanation. Chains without a strategy of ours go on as they did.
 */
export function answerFailures(passport: PassportLike): void {
  if (ANSWERING.has(passport)) return;
  ANSWERING.add(passport);
  const authenticate = passport.authenticate.bind(passport);
  passport.authenticate = (strategy, options, callback) =>
    authenticate(
      strategy,
      options,
      callback &&
        ((error, user, info, status) => callback(error ?? refusalIn(user, info) ?? error, user, info, status)),
    );
}

/** A chain gives a list of what its strategies said, a single strategy the thing itself. */
function refusalIn(user: unknown, info: unknown): unknown {
  if (user) return undefined;
  return [info].flat().find((one) => typeof one === 'object' && one !== null && FAILURES.has(one));
}
