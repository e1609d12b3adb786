import type { IssuedTokens } from 'jwto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { DATABASES } from '../support/databases.js';
import { standing, worldOf, type OwnApp, type World } from '../support/two-apps.js';

const BOB = 2;
const MAX = 2;
const SESSIONS = 8;
/** Far more than a poll takes, for a busy machine. */
const SOON = { timeout: 20_000, interval: 50 };
const ENDS_ROWS = /UPDATE.*jwto_session.*SET .?revoked_at/;

const WAYS: { name: string; left: number; end: (app: OwnApp, sessions: IssuedTokens[]) => Promise<unknown> }[] = [
  { name: 'revokeUser', left: 0, end: ({ tokens }) => tokens.revokeUser(BOB) },
  { name: 'revokeAll', left: 0, end: ({ tokens }) => tokens.revokeAll() },
  {
    name: 'revokeOtherSessions',
    left: 1,
    end: ({ tokens }, sessions) => tokens.revokeOtherSessions(BOB, sessions.at(-1)?.sid ?? ''),
  },
  {
    name: 'a sign-in beyond maxSessionsPerUser',
    // The new one is one of the two.
    left: MAX - 1,
    end: ({ tokens, users }) => tokens.issue(users.named('bob')),
  },
];

describe.each(DATABASES)('the ending of many sessions that is interrupted, on $name,', (database) => {
  let world: World;
  beforeEach(() => {
    world = worldOf(database);
  });
  afterEach(() => world.close());

  // A moment later, and in the very millisecond, which no entry's moment tells from what comes after it.
  it.each(WAYS.flatMap((way) => [1.5, 0.001, 0].map((later) => ({ ...way, later }))))(
    'by $name $later s after the last sign-in, leaves none of them alive',
    async ({ end, left, later }) => {
      const others = [await world.start(), await world.start({ blocklistCheck: 'database' })] as const;
      const ending = await world.start({ maxSessionsPerUser: MAX });
      const advance = (seconds: number): void => {
        for (const { clock } of [ending, ...others]) clock.advance(seconds);
      };
      const bobs: IssuedTokens[] = [];
      for (let count = 0; count < SESSIONS; count++) {
        if (count > 0) advance(0.001);
        bobs.push(await others[0].tokens.issue(others[0].users.named('bob')));
      }
      advance(later);
      let updates = 0;
      ending.line.holdUp = (sql) => {
        if (ENDS_ROWS.test(sql) && ++updates === 2) ending.line.down = true;
        return undefined;
      };
      // Of everybody all rows are ended by one statement, which is the one that is lost.
      if (end === WAYS[1]?.end) {
        ending.line.holdUp = (sql) => {
          if (/SELECT.*sid.{0,3} > /.test(sql)) ending.line.down = true;
          return undefined;
        };
      }
      await expect(end(ending, bobs)).rejects.toMatchObject({ code: 'store_unavailable' });

      const [ended, kept] = [bobs.slice(0, SESSIONS - left), bobs.slice(SESSIONS - left)];
      for (const { tokens } of others) {
        for (const { access, refresh } of ended) {
          const revoked = { code: 'token_revoked' };
          await expect(tokens.refresh(refresh)).rejects.toMatchObject(revoked);
          await expect(tokens.verify(refresh, { type: 'refresh' })).rejects.toMatchObject(revoked);
          await vi.waitFor(() => expect(tokens.verify(access)).rejects.toMatchObject(revoked), SOON);
        }
        const next = await tokens.issue(others[0].users.named('bob'));
        for (const { access, refresh } of [...kept, next]) {
          expect(await standing(tokens, { access })).toBe('ok');
          await tokens.verify(refresh, { type: 'refresh' });
        }
        await tokens.refresh(next.refresh);
      }
    },
  );
});
