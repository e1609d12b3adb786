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
 * Stops the start of an application whose settings, entities or database do not fit. It is thrown from `forRoot`,
 * `forRootAsync` or Nest's `init()`, and never during a request.
 */
export class JwtoConfigurationError extends Error {
  override readonly name = 'JwtoConfigurationError';
  /** Every wrong setting; empty when the problem is not a setting. */
  readonly problems: readonly SettingProblem[];

  constructor(problem: string | readonly SettingProblem[], options?: ErrorOptions) {
    super(typeof problem === 'string' ? `jwto cannot start: ${problem}` : describe(problem), options);
    this.problems = typeof problem === 'string' ? [] : problem;
  }
}

function describe(problems: readonly SettingProblem[]): string {
  const lines = problems.map(({ setting, got, accepts }) => `  - ${setting}: got ${got}; ${accepts}`);
  const count = problems.length === 1 ? '1 setting is wrong' : `${String(problems.length)} settings are wrong`;
  return `jwto cannot start: ${count}.\n${lines.join('\n')}`;
}
