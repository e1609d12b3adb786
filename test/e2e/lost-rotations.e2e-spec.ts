import { setTimeout as sleep } from 'node:timers/promises';
import { JwtoSession, type IssuedTokens } from 'jwto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DATABASES } from '../support/databases.js';
import { worldOf, type OwnApp, type World } from '../support/two-apps.js';

const isRotation = (sql: string): boolean => /^UPDATE .*jwto_session.* SET .*previous_jti/s.test(sql);

/** The rotation is written and its answer is lost: 503, and nobody has the successor. */
async function lose(app: OwnApp, { refresh }: IssuedTokens): Promise<void> {
  app.line.holdUp = (sql) => (isRotation(sql) ? Promise.reject(new Error('the answer is lost')) : undefined);
  await expect(app.tokens.refresh(refresh)).rejects.toMatchObject({ code: 'store_unavailable' });
  app.line.holdUp = undefined;
}

describe.each(DATABASES)('a rotation on $name whose answer was lost', (database) => {
  let world: World;
  beforeEach(() => {
    world = worldOf(database);
  });
  afterEach(() => world.close());

  const row = (app: OwnApp, { sid }: IssuedTokens): Promise<JwtoSession> =>
    app.dataSource.getRepository(JwtoSession).findOneByOrFail({ sid });

  it('is taken back, and the row is as it was', async () => {
    const app = await world.start({ rotationGrace: '1s' });
    const tokens = await app.tokens.issue(app.users.named('bob'));
    const before = await row(app, tokens);
    await lose(app, tokens);
    expect(await row(app, tokens)).toMatchObject({ generation: 1, previousJti: before.currentJti });
    const { currentJti, currentIat, previousJti, rotatedAt, generation } = before;
    const asBefore = { currentJti, currentIat, previousJti, rotatedAt, generation };
    await expect.poll(() => row(app, tokens), { timeout: 10_000 }).toMatchObject(asBefore);
  });

  it('is not taken back once somebody got its successor, however often within one millisecond', async () => {
    const app = await world.start({ rotationGrace: '1s' });
    // The clock of the test stands: all of it is the same millisecond.
    for (const replays of [1, 2, 3]) {
      const tokens = await app.tokens.issue(app.users.named('bob'));
      await lose(app, tokens);
      const { currentJti } = await row(app, tokens);
      for (let count = 0; count < replays; count++) await app.tokens.refresh(tokens.refresh);
      await sleep(1000);
      expect([replays, (await row(app, tokens)).currentJti]).toEqual([replays, currentJti]);
    }
  });

  it('ends no session while it is taken back and the token comes again, in two processes', async () => {
    const [app, other] = [await world.start({ rotationGrace: '1s' }), await world.start({ rotationGrace: '1s' })];
    const sessions = await Promise.all(Array.from({ length: 8 }, () => app.tokens.issue(app.users.named('bob'))));
    for (const tokens of sessions) await lose(app, tokens);
    // It is due after half the grace: the same token comes before, at that moment and after it.
    const asked = sessions.flatMap((tokens, index) =>
      [app, other, app].map(async ({ tokens: service }, turn) => {
        await sleep(400 + 20 * (index + 3 * turn));
        return [tokens.sid, (await service.refresh(tokens.refresh)).refresh] as const;
      }),
    );
    const live = new Map(await Promise.all(asked));
    for (const tokens of sessions) {
      expect((await row(app, tokens)).revokedAt).toBeNull();
      // Inside the grace everybody has the same successor, and it goes on.
      expect((await other.tokens.refresh(live.get(tokens.sid) ?? '')).sid).toBe(tokens.sid);
    }
    expect([...app.takeEvents(), ...other.takeEvents()]).not.toContain('jwto.refresh_reused');
  });

  it('without a grace, too, is no reuse for the client that comes again', async () => {
    const app = await world.start({ rotationGrace: 0 });
    const tokens = await app.tokens.issue(app.users.named('bob'));
    await lose(app, tokens);
    const { refresh } = await app.tokens.refresh(tokens.refresh);
    expect((await app.tokens.refresh(refresh)).sid).toBe(tokens.sid);
    await expect(app.tokens.refresh(tokens.refresh)).rejects.toMatchObject({ code: 'token_reused' });
  });
});
