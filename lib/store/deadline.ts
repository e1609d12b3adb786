/** What a statement says of its deadline, in the SQL of one database. */
interface Dialect {
  /** Holds up to the deadline; afterwards it is an error, and not `false`: "no such row" would be another answer. */
  condition(deadline: string, milliseconds: number): string;
  /** Makes the server's words of a moment. */
  moment(milliseconds: number): string;
  /** 0 up to the deadline, and an error afterwards. */
  zero(deadline: string): string;
}

/**
 * `clock_timestamp()` runs on while a statement waits for a table. It is not asked again after a wait for a row that
 * nobody changed, so that wait gets a limit of its own; `true` keeps it to this statement.
 */
const POSTGRES: Dialect = {
  moment: (milliseconds) => `to_timestamp(${(milliseconds / 1000).toFixed(3)})`,
  zero: (deadline) => `0 / CASE WHEN clock_timestamp() < ${deadline} THEN 1 ELSE 0 END`,
  condition: (deadline, milliseconds) =>
    `set_config('lock_timeout', '${String(Math.max(1, Math.round(milliseconds)))}', true) IS NOT NULL` +
    ` AND ${POSTGRES.zero(deadline)} = 0`,
};

/**
 * `SYSDATE` runs on while a statement waits, `NOW` is its start. Their difference is free of the time zone and its
 * changes, as is `UTC_TIMESTAMP`. `EXP(710)` is out of range, the one error that is raised in every SQL mode.
 */
const MYSQL: Dialect = {
  moment: (milliseconds) => `'${new Date(milliseconds).toISOString().replace('T', ' ').replace('Z', '')}'`,
  zero: (deadline) =>
    `0 * EXP(IF(TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(6), ${deadline}) >` +
    ` TIMESTAMPDIFF(MICROSECOND, NOW(6), SYSDATE(6)), 0, 710))`,
  condition: (deadline) => `${MYSQL.zero(deadline)} = 0`,
};

const DIALECTS: Readonly<Record<string, Dialect>> = { postgres: POSTGRES, mysql: MYSQL, mariadb: MYSQL };

/**
 * By when a statement takes effect, or never. It is part of the statement, because nothing else holds: a process that
 * gives a statement up cannot know whether the server gets it later, or has it waiting for a lock.
 */
export class Deadline {
  private readonly dialect: Dialect | undefined;
  private readonly at: string;

  /**
   * @param type - TypeORM's name of the database
   * @param milliseconds - from now
   * @param serverNow - what the server's clock says; without it there is no deadline
   */
  constructor(
    type: string,
    private readonly milliseconds: number,
    serverNow: number | undefined,
  ) {
    this.dialect = serverNow === undefined ? undefined : DIALECTS[type];
    this.at = this.dialect?.moment((serverNow ?? 0) + milliseconds) ?? '';
  }

  /** SQL for the WHERE of an UPDATE or a DELETE. */
  get condition(): string {
    return this.dialect?.condition(this.at, this.milliseconds) ?? '1 = 1';
  }

  /** SQL for a number that is inserted: the number, or an error. */
  timely(value: number): () => string {
    return () => (this.dialect === undefined ? String(value) : `${String(value)} + ${this.dialect.zero(this.at)}`);
  }
}
