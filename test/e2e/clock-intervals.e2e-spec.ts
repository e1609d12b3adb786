import pg from 'pg';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { DATABASES, SQLITE } from '../support/databases.js';
import { isPoll, worldOf, type World } from '../support/two-apps.js';

const servers = DATABASES.filter(({ name }) => name !== 'SQLite');
const named = (wanted: string) => DATABASES.filter(({ name }) => name === wanted);

/** Lets the event loop turn, whatever timers are faked; at most so long that a test which waits in vain fails by itself. */
async function until(isDone: () => boolean): Promise<void> {
  const giveUp = performance.now() + 10_000;
  while (!isDone() && performance.now() < giveUp) await new Promise(setImmediate);
}

describe.each(servers)('the clock of $name', (database) => {
  let world: World;
  afterEach(() => world.close());

  it.each(['database', 'refresh'] as const)(
    'is asked again without a replica too, blocklistCheck: %s',
    async (check) => {
      world = worldOf(database);
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      const { line } = await world.start({ blocklistCheck: check, pollInterval: '60s', maxStaleness: '60s' });
      const asked = (): number => line.statements.filter((sql) => sql.endsWith(' AS now')).length;
      for (let minute = 0; minute < 2; minute++) {
        const before = asked();
        vi.advanceTimersByTime(60_000);
        await until(() => asked() > before);
        expect(asked()).toBeGreaterThan(before);
        // The answer must have come: questions at the same time are one.
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    },
  );
});

describe.each(named('PostgreSQL'))('a stream of NOTIFY on $name', (database) => {
  let world: World;
  afterEach(() => world.close());

  it('does not put the poll off', async () => {
    world = worldOf(database);
    const queries = vi.spyOn(pg.Client.prototype, 'query');
    const { line } = await world.start({ pollInterval: '60s', maxStaleness: '60s' });
    const listening = (): number => queries.mock.calls.findIndex(([sql]) => sql.startsWith('LISTEN'));
    await until(() => listening() >= 0);
    const client = queries.mock.contexts[listening()] as pg.Client;
    const polls = (): number => line.statements.filter(isPoll).length;
    // The poll that follows the connection.
    await vi.waitFor(() => {
      expect(polls()).toBeGreaterThan(0);
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = polls();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    for (let message = 0; message < 100; message++) {
      client.emit('notification', {});
      vi.advanceTimersByTime(5);
    }
    await until(() => polls() > before);
    expect(polls()).toBeGreaterThan(before);
  });
});

describe('the clock of SQLite', () => {
  it("is the process's own, and is not asked", async () => {
    const world = worldOf(SQLITE);
    const { line, clock, tokens, users } = await world.start();
    clock.advance(3600);
    await tokens.issue(users.named('bob'));
    expect(line.statements.filter((sql) => sql.endsWith(' AS now'))).toEqual([]);
    await world.close();
  });
});
