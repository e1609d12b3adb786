/** One setting that stops the start. */
export interface SettingProblem {
  /** The name as the application wrote it: the option, and the environment variable if it came from there. */
  setting: string;
  /** What it got, described; never the value of a secret. */
  got: string;
  /** What it accepts, or what to do. */
  accepts: string;
}

/**
 * Settings, keys, entities or a database that do not fit. It stops the start, thrown from `forRoot`, `forRootAsync` or
 * Nest's `init()`. Later it is thrown only by what was asked for the impossible: `TokenService.reloadKeys()` for keys
 * that are wrong, which leaves the former ones as they are; `verifyJws` for such a key; issuing in a process without a
 * `signingKey`; and a guard or parameter decorator in a place where it cannot work.
 */
export class JwtoConfigurationError extends Error {
  override readonly name = 'JwtoConfigurationError';
  /** Every wrong setting; empty when the problem is not a setting. */
  readonly problems: readonly SettingProblem[];

  constructor(problem: string | readonly SettingProblem[], options?: ErrorOptions) {
    super(typeof problem === 'string' ? `jwto is misconfigured: ${problem}` : describe(problem), options);
    this.problems = typeof problem === 'string' ? [] : problem;
  }
}

function describe(problems: readonly SettingProblem[]): string {
  const lines = problems.map(({ setting, got, accepts }) => `  - ${setting}: got ${got}; ${accepts}`);
  const count = problems.length === 1 ? '1 setting is wrong' : `${String(problems.length)} settings are wrong`;
  return `jwto is misconfigured: ${count}.\n${lines.join('\n')}`;
}
