import { JwtoBlocklistEntry, JwtoSession } from 'jwto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import type { Client } from '../support/client.js';
import { DATABASES } from '../support/databases.js';
import { answerTime, takeMachine, type Machine } from '../support/machine.js';
import { startApp, type TestApp, type TestAppOptions } from '../support/test-app.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

let machine: Machine;
let test: TestApp;
afterEach(async () => {
  vi.restoreAllMocks();
  await test.close();
});

async function start(options: TestAppOptions): Promise<void> {
  machine = takeMachine();
  // Between two polls and two questions for the time: what is noticed is noticed by the request.
  const still = { pollInterval: '60s', maxStaleness: '60s' } as const;
  test = await startApp({ realClock: true, ...options, options: { ...still, ...options.options } });
}

interface SignedIn {
  client: Client;
  refresh: string;
}

async function signIn(username = 'bob'): Promise<SignedIn> {
  const client = test.client();
  const { refresh = '' } = (await client.login(username)).json;
  return { client, refresh };
}

async function page({ client }: SignedIn): Promise<string | number> {
  const { status, json } = await client.get('/testapp/protect');
  return json.code ?? status;
}

async function refreshed({ client, refresh }: SignedIn): Promise<string | number> {
  const { status, json } = await client.refresh('refresh_access', { headers: { authorization: `Bearer ${refresh}` } });
  return json.code ?? status;
}

const sessions = (): Promise<number> => test.dataSource.manager.count(JwtoSession);

describe.each(DATABASES)('on $name', (database) => {
  const isServer = database.name !== 'SQLite';

  for (const [adapterName, adapter] of ADAPTERS) {
    it.each([
      ['two days ahead', 2 * DAY],
      ['an hour back', -HOUR],
      ['a minute ahead', MINUTE],
    ])(`a clock of the process that is set %s judges nothing wrongly, on ${adapterName}`, async (_how, ahead) => {
      await start({ database, adapter });
      const [one, other] = [await signIn(), await signIn('alice')];
      machine.set(ahead);
      expect(await page(one)).toBe(200);
      expect(await refreshed(other)).toBe(200);
      expect(await page(await signIn('alice'))).toBe(200);
      expect(await test.tokens.revokeUser('2')).toBe(1);
      expect([await page(one), await refreshed(one)]).toEqual(['token_revoked', 'token_revoked']);
      machine.set(0);
      expect([await page(one), await page(other)]).toEqual(['token_revoked', 200]);
    });

    it(`a machine that slept does not accept what has expired meanwhile, on ${adapterName}`, async () => {
      await start({ database, adapter });
      if (isServer) machine.setServer(test.dataSource, 0);
      const [one, other] = [await signIn(), await signIn()];
      machine.sleep(10 * MINUTE);
      expect(await page(one)).toBe('token_expired');
      expect(await refreshed(one)).toBe(200);
      expect(await page(await signIn())).toBe(200);
      machine.sleep(2 * DAY);
      expect(await refreshed(other)).toBe('token_expired');
    });
  }

  it('a machine that slept asks for the time once, and only where the answer depends on it', async () => {
    await start({ database, options: { blocklistCheck: 'refresh' } });
    if (isServer) machine.setServer(test.dataSource, 0);
    const one = await signIn();
    const query = vi.spyOn(test.dataSource, 'createQueryRunner');
    expect(await page(one)).toBe(200);
    expect(query).not.toHaveBeenCalled();
    machine.sleep(MINUTE);
    const stranger = { client: test.client(), refresh: '' };
    stranger.client.bearer = `${one.client.bearer?.split('.').slice(0, 2).join('.') ?? ''}.${'A'.repeat(43)}`;
    expect(await page(stranger)).toBe('token_invalid');
    expect(query).not.toHaveBeenCalled();
    expect(await Promise.all(Array.from({ length: 20 }, () => page(one)))).toEqual(Array(20).fill(200));
    expect(query).toHaveBeenCalledTimes(isServer ? 1 : 0);
    expect(await page(one)).toBe(200);
    expect(query).toHaveBeenCalledTimes(isServer ? 1 : 0);
  });

  it.runIf(isServer)(
    'a machine that slept refuses with 503 while the database does not say what time it is',
    async () => {
      await start({ database, options: { blocklistCheck: 'refresh' } });
      const one = await signIn();
      let isDown = true;
      answerTime(test.dataSource, () => {
        if (isDown) throw new Error('the database of this test is gone');
        return Date.now();
      });
      machine.sleep(10 * MINUTE);
      expect(await page(one)).toBe('store_unavailable');
      expect((await test.client().login('bob')).status).toBe(503);
      await expect(test.tokens.revokeUser('2')).rejects.toMatchObject({ code: 'store_unavailable' });
      isDown = false;
      expect(await page(one)).toBe('token_expired');
    },
  );

  it.runIf(isServer)(
    'a server that leaps is believed once it has stood by it for a minute, and not before',
    async () => {
      await start({ database, options: { blocklistCheck: 'database' } });
      const one = await signIn();
      machine.setServer(test.dataSource, 2 * DAY);
      // Something that makes it ask.
      machine.set(1000);
      expect([await page(one), await refreshed(one)]).toEqual([200, 200]);
      machine.setServer(test.dataSource, 0);
      machine.set(0);
      expect(await page(one)).toBe(200);

      machine.setServer(test.dataSource, HOUR);
      for (const [turn, expected] of [200, 200, 'token_expired'].entries()) {
        machine.set(1000 * ((turn + 1) % 2));
        machine.pass(30_000);
        expect(await page(one)).toBe(expected);
      }
    },
  );

  describe('purge', () => {
    /** Makes it look at the clocks as they are now. */
    async function purged(): Promise<number> {
      return (await test.tokens.purge()).sessions;
    }

    it('deletes no live session while a clock is ahead, and none for a day after', async () => {
      await start({ database });
      const live = await signIn();
      const old = { expiresAt: Date.now() - 3 * DAY, accessUntil: Date.now() - 3 * DAY };
      await test.dataSource.manager.update(
        JwtoSession,
        { sid: (await test.tokens.issue(test.users.named('alice'))).sid },
        old,
      );
      machine.set(2 * DAY);
      expect(await purged()).toBe(isServer ? 1 : 0);
      machine.set(0);
      if (isServer) {
        machine.setServer(test.dataSource, 2 * DAY);
        expect(await purged()).toBe(0);
        machine.setServer(test.dataSource, 0);
      }
      await purged();
      expect(await sessions()).toBe(1);
      expect(await refreshed(live)).toBe(200);
      // A leap that is believed in the end: what it has ended stays for a day all the same.
      if (isServer) machine.setServer(test.dataSource, 3 * DAY);
      machine.set(3 * DAY);
      await purged();
      machine.pass(MINUTE);
      expect(await purged()).toBe(0);
      machine.pass(HOUR);
      expect([await purged(), await sessions()]).toEqual([0, 1]);
      machine.pass(DAY);
      expect([await purged(), await sessions()]).toEqual([1, 0]);
    });

    it.runIf(isServer)('deletes no live session in a process that starts while the server is ahead', async () => {
      machine = takeMachine();
      await startWithServerAhead();
      await test.tokens.issue(test.users.named('bob'));
      const row = { expiresAt: Date.now() + HOUR, accessUntil: Date.now() + MINUTE };
      await test.dataSource.manager.createQueryBuilder().update(JwtoSession).set(row).execute();
      expect([await purged(), await sessions()]).toEqual([0, 1]);
    });

    async function startWithServerAhead(): Promise<void> {
      const { DataSource } = await import('typeorm');
      const initialize = vi.spyOn(DataSource.prototype, 'initialize');
      initialize.mockImplementation(async function (this: InstanceType<typeof DataSource>) {
        initialize.mockRestore();
        machine.setServer(await this.initialize(), 2 * DAY);
        return this;
      });
      test = await startApp({ database, realClock: true });
    }

    it('does not believe a lease from the future', async () => {
      vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
      try {
        await start({ database });
        const { sid } = await test.tokens.issue(test.users.named('bob'));
        const long = Date.now() - 3 * DAY;
        await test.dataSource.manager.update(JwtoSession, { sid }, { expiresAt: long, accessUntil: long });
        const lease = { realm: 'default', kind: 'lease', value: 'purge', revokedAt: Date.now(), reason: null } as const;
        await test.dataSource.manager.insert(JwtoBlocklistEntry, { ...lease, expiresAt: Date.now() + 2 * DAY });
        vi.advanceTimersByTime(12 * MINUTE);
        await vi.waitFor(async () => {
          expect(await sessions()).toBe(0);
        }, 10_000);
        const { expiresAt } = await test.dataSource.manager.findOneByOrFail(JwtoBlocklistEntry, { kind: 'lease' });
        expect(expiresAt).toBeLessThan(Date.now() + HOUR);
      } finally {
        vi.useRealTimers();
      }
    });
  });
});
