import { Test } from '@nestjs/testing';
import type { INestApplication } from '@nestjs/common';
import { Clock, JwtoBlocklistEntry, JwtoModule, JwtoSession, TokenService } from 'jwto';
import { DataSource } from 'typeorm';
import { SQLITE } from '../support/databases.js';
import { SIGNING_KEY } from '../support/test-app.js';
import { TestClock } from '../support/test-clock.js';
import { TestUsers } from '../support/users.js';
import { SETTINGS } from './model.js';

/** Two applications that know of each other only by the database; the clock and the users are the world's. */
export interface Processes {
  tokens: readonly [TokenService, TokenService];
  users: TestUsers;
  clock: TestClock;
  /** Empties the database and sets the clock to its beginning. */
  reset(): Promise<void>;
  close(): Promise<void>;
}

const BEGINNING = Date.UTC(2027, 0, 1);

/** Starts both, with different lifetimes of access tokens. */
export async function startProcesses(): Promise<Processes> {
  const dataSource = await new DataSource(SQLITE.options()).initialize();
  const users = new TestUsers();
  const clock = new TestClock();
  const apps: INestApplication[] = [];
  for (const accessTokenLifetime of SETTINGS.access) {
    const jwto = JwtoModule.forRoot({
      ...{ signingKey: SIGNING_KEY, users: { useValue: users }, dataSource, blocklistCheck: 'database' },
      ...{ accessTokenLifetime, refreshTokenLifetime: SETTINGS.refresh, sessionLifetime: SETTINGS.session },
      ...{ rotationGrace: SETTINGS.grace, maxSessionsPerUser: SETTINGS.maxSessions },
    });
    const testing = await Test.createTestingModule({ imports: [jwto] })
      .overrideProvider(Clock)
      .useValue(clock)
      .compile();
    const app = testing.createNestApplication();
    app.useLogger(false);
    apps.push(await app.init());
  }
  const [one, two] = apps.map((app) => app.get(TokenService));
  if (one === undefined || two === undefined) throw new Error('two applications should have started');
  return {
    tokens: [one, two],
    users,
    clock,
    async reset() {
      await dataSource.createQueryBuilder().delete().from(JwtoSession).execute();
      await dataSource.createQueryBuilder().delete().from(JwtoBlocklistEntry).execute();
      clock.time = BEGINNING;
    },
    async close() {
      for (const app of apps) await app.close();
      await dataSource.destroy();
    },
  };
}
