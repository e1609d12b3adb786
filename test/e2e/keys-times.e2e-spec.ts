import type { Instant } from 'jwto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { ring, ringKey } from '../support/rings.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { TokenAttack } from '../support/token-attack.js';

/** Seconds from the start of a test to the times of the keys. */
const [SOON, LATE] = [600, 1200];

describe.each(ADAPTERS)('the times of keys on %s', (_name, adapter) => {
  // The application's clock starts at about this time and stands.
  let start: number;
  let attack: TokenAttack;
  let test: TestApp;
  const at = (seconds: number): number => start + seconds * 1000;
  const signer = async (): Promise<unknown> => {
    const { access } = await test.tokens.issue(test.users.named('bob'));
    return test.tokens.decode(access).header['kid'];
  };

  beforeEach(async () => {
    start = Date.now();
    const [next, current] = [ringKey('next'), ringKey('current')];
    attack = await TokenAttack.start({
      adapter,
      options: {
        ...ring({ ...next, notBefore: at(SOON) }, { ...current, expiresAt: at(LATE) }),
        accessTokenLifetime: '1h',
        // It has a margin of 60 s too; without it nothing but the key's time stands against a token.
        checks: { iat: false },
      },
    });
    ({ test } = attack);
    test.clock.time = start;
  });
  afterEach(() => test.close());

  it('choose the signer: the first that may sign now', async () => {
    expect(await signer()).toBe('current');
    test.clock.time = at(SOON) - 1;
    expect(await signer()).toBe('current');
    test.clock.time = at(SOON);
    expect(await signer()).toBe('next');
    test.clock.time = at(LATE);
    expect(await signer()).toBe('next');
  });

  it('end the tokens of a key with it, to the millisecond, also the known ones', async () => {
    const { access, refresh } = attack;
    test.clock.time = at(LATE) - 1;
    for (let time = 0; time < 3; time++) await attack.expectGood(access);
    await attack.expectGood(refresh, 'refresh');
    test.clock.time = at(LATE);
    await attack.expectBad(access);
    await attack.expectBadRefresh(refresh);
    test.clock.time = at(LATE) - 1;
    await attack.expectGood(access);
  });

  it('accept the tokens of a key from 60 s before it signs, and not earlier', async () => {
    test.clock.time = at(SOON);
    const { access, refresh } = await test.tokens.issue(test.users.named('bob'));
    for (let time = 0; time < 3; time++) await attack.expectGood(access);
    test.clock.time = at(SOON - 60);
    await attack.expectGood(access);
    await attack.expectGood(refresh, 'refresh');
    test.clock.time = at(SOON - 60) - 1;
    await attack.expectBad(access);
    await attack.expectBadRefresh(refresh);
  });
});

describe('the time of a key', () => {
  it.each<[string, (time: number) => Instant]>([
    ['a Date', (time) => new Date(time)],
    ['milliseconds', (time) => time],
    ['ISO 8601 text', (time) => new Date(time).toISOString()],
    ['ISO 8601 text with another zone', (time) => new Date(time + 7_200_000).toISOString().replace('Z', '+02:00')],
  ])('may be %s', async (_what, write) => {
    const time = Date.now() + 600_000;
    const test = await startApp({
      options: ring({ ...ringKey('first'), expiresAt: write(time) }, { ...ringKey('second'), notBefore: write(time) }),
    });
    const signer = async (now: number): Promise<unknown> => {
      test.clock.time = now;
      const { access } = await test.tokens.issue(test.users.named('bob'));
      return test.tokens.decode(access).header['kid'];
    };
    expect([await signer(time - 1), await signer(time)]).toEqual(['first', 'second']);
    await test.close();
  });
});
