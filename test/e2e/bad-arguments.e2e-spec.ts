import type { TokenService } from 'jwto';
import { describe, expect, it } from 'vitest';
import { DATABASES } from '../support/databases.js';
import { startApp } from '../support/test-app.js';

/** By a caller without types. */
type Loose = Record<keyof TokenService, (...args: unknown[]) => Promise<unknown>>;

const CALLS: [keyof TokenService, unknown[]][] = [
  ...[undefined, null, '', 7, {}, []].map((sid): [keyof TokenService, unknown[]] => ['revokeSession', [sid]]),
  ['revokeSession', ['sid', { reason: 7 }]],
  ...(['listSessions', 'revokeUser'] as const).flatMap((name) =>
    [undefined, null, '', Number.NaN, {}, [], true].map((id): [keyof TokenService, unknown[]] => [name, [id]]),
  ),
  ...[undefined, '', 7].map((sid): [keyof TokenService, unknown[]] => ['revokeOtherSessions', [1, sid]]),
  ['revokeOtherSessions', [undefined, 'sid']],
  ['issue', [undefined]],
  ['issue', [{ id: 1 }]],
];

describe.each(DATABASES)('a bad argument on $name', (database) => {
  it('is a TypeError, changes nothing, and costs no connection of the pool', async () => {
    const extra = database.name === 'PostgreSQL' ? { max: 1 } : { connectionLimit: 1 };
    const options = () => (database.name === 'SQLite' ? database.options() : { ...database.options(), extra });
    const test = await startApp({ database: { ...database, options }, options: { maxStaleness: '1h' } });
    const client = test.client();
    await client.login();
    test.takeEvents();
    const tokens = test.tokens as unknown as Loose;
    for (const [name, args] of CALLS) {
      const call = tokens[name](...args);
      expect(call, name).toBeInstanceOf(Promise);
      await expect(call, `${name} ${JSON.stringify(args)}`).rejects.toBeInstanceOf(TypeError);
    }
    for (const name of ['verify', 'refresh', 'updateRefresh', 'revokeToken'] as const) {
      for (const token of [undefined, '', 7, {}]) {
        await expect(tokens[name](token), name).rejects.toMatchObject({ code: 'token_malformed' });
      }
    }
    expect(test.takeEvents()).toEqual([]);
    expect(await test.tokens.listSessions(1)).toHaveLength(1);
    expect((await test.client().login('bob')).status).toBe(200);
    await test.close();
  });
});
