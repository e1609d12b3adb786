import { resolve } from 'node:path';

/** The web frameworks that the sample runs on. */
export type AdapterName = 'express' | 'fastify';

/** How the sample is started, besides the settings of jwto, which have variables of their own. */
export interface SampleOptions {
  /** `PORT`; 0 takes any free one. */
  readonly port: number;
  /** `HTTPS`; false is plain http, for machines where nobody can trust the certificate. */
  readonly https: boolean;
  /** `ADAPTER` */
  readonly adapter: AdapterName;
  /** `DATABASE_URL`; without it the database is a file in `dataDir`. */
  readonly databaseUrl: URL | undefined;
  /** `SAMPLE_DATA_DIR`: the certificate, generated keys and the embedded database. */
  readonly dataDir: string;
}

/** What `DATABASE_URL` may start with. */
export const DATABASE_PROTOCOLS = ['postgres:', 'postgresql:', 'mysql:', 'mariadb:'] as const;

/**
 * Reads the sample's own variables; an empty one is unset.
 *
 * @throws Error naming every variable that is wrong. `DATABASE_URL` is not repeated: it may hold a password.
 */
export function readSampleOptions(environment: Readonly<Record<string, string | undefined>>): SampleOptions {
  const given = (name: string): string | undefined => {
    const value = environment[name]?.trim();
    return value === '' ? undefined : value;
  };
  const port = given('PORT') ?? '8001';
  const https = given('HTTPS')?.toLowerCase() ?? '1';
  const adapter = given('ADAPTER')?.toLowerCase() ?? 'express';
  const databaseUrl = given('DATABASE_URL');

  const problems: string[] = [];
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) problems.push(`PORT: got "${port}"; accepts 0 to 65535`);
  if (!['1', '0', 'true', 'false'].includes(https)) problems.push(`HTTPS: got "${https}"; accepts 1, 0, true, false`);
  if (!isAdapter(adapter)) problems.push(`ADAPTER: got "${adapter}"; accepts express, fastify`);
  if (databaseUrl !== undefined && !isDatabaseUrl(databaseUrl)) {
    problems.push('DATABASE_URL: accepts postgres://…, mysql://… and mariadb://…');
  }
  if (problems.length > 0 || !isAdapter(adapter)) {
    throw new Error(`The sample cannot start:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
  }
  return {
    port: Number(port),
    https: https === '1' || https === 'true',
    adapter,
    databaseUrl: databaseUrl === undefined ? undefined : new URL(databaseUrl),
    dataDir: resolve(given('SAMPLE_DATA_DIR') ?? '.sample-data'),
  };
}

function isAdapter(name: string): name is AdapterName {
  return name === 'express' || name === 'fastify';
}

function isDatabaseUrl(text: string): boolean {
  return URL.canParse(text) && DATABASE_PROTOCOLS.some((protocol) => new URL(text).protocol === protocol);
}
