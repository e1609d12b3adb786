import { Test } from '@nestjs/testing';
import { JwtoConfigurationError, JwtoModule, type JwtoModuleOptions } from 'jwto';
import { SIGNING_KEY } from './test-app.js';
import { TestUsers } from './users.js';

/**
 * What stops the start with these settings, which may be of any type, as from an application without types. Settings
 * are looked at before the database, and there is none: right settings are refused for the missing data source only.
 */
export async function refusalOf(options: object): Promise<JwtoConfigurationError> {
  const given = { signingKey: SIGNING_KEY, users: { useValue: new TestUsers() }, ...options } as JwtoModuleOptions;
  return startError(() =>
    Test.createTestingModule({ imports: [JwtoModule.forRoot(given)] })
      .compile()
      .then((module) => module.init()),
  );
}

/** The names of the settings that stop the start; none if they are all right. */
export async function wrongSettings(options: object): Promise<string[]> {
  return (await refusalOf(options)).problems.map(({ setting }) => setting);
}

/** The configuration error that a start ends with; fails if it ends otherwise. */
export async function startError(start: () => Promise<unknown>): Promise<JwtoConfigurationError> {
  let error: unknown;
  try {
    await start();
  } catch (thrown) {
    error = thrown;
  }
  if (error instanceof JwtoConfigurationError) return error;
  throw new Error('the start did not end with a JwtoConfigurationError', { cause: error });
}
