import { randomBytes } from 'node:crypto';
import { Logger } from '@nestjs/common';
import type { KeySource, RingKey } from 'jwto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ring, ringKey, Vault } from '../support/rings.js';
import { startError } from '../support/startup.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { gate } from '../support/two-apps.js';

const old = ringKey('old');
const fresh = ringKey('fresh', 'ES256');
const long = ringKey('long', 'HS512');

async function signerOf(test: TestApp): Promise<unknown> {
  const { access } = await test.tokens.issue(test.users.named('bob'));
  await test.tokens.verify(access);
  return test.tokens.decode(access).header['kid'];
}

describe('a function in keys', () => {
  const quickly = { timeout: 5000, interval: 50 };
  let vault: Vault;
  let test: TestApp;
  let logged: string[];
  beforeEach(() => {
    vault = new Vault([old]);
    logged = [];
    for (const level of ['log', 'warn', 'error'] as const) {
      vi.spyOn(Logger.prototype, level).mockImplementation((...parts: unknown[]) => {
        logged.push([level, ...parts].map(String).join(' '));
      });
    }
  });
  afterEach(async () => {
    vi.useRealTimers();
    vi.restoreAllMocks();
    await test.close();
  });
  const about = (word: string): string[] => logged.filter((line) => line.includes(word));

  it.each<[string, KeySource]>([
    ['a list', () => [old]],
    ['a promise of one', () => Promise.resolve([old])],
  ])('returns %s', async (_what, keys) => {
    test = await startApp({ options: { signingKey: undefined, keys } });
    expect(await signerOf(test)).toBe('old');
    await test.tokens.reloadKeys();
    expect(await signerOf(test)).toBe('old');
  });

  it('is called once at the start, and by reloadKeys, which changes the ring when it resolves', async () => {
    test = await startApp({ options: vault.options });
    expect(vault.reads).toBe(1);
    vault.keys = [fresh, old];
    expect(await signerOf(test)).toBe('old');
    await test.tokens.reloadKeys();
    expect(vault.reads).toBe(2);
    expect(await signerOf(test)).toBe('fresh');
    expect(about('The keys have changed')).toEqual([expect.stringContaining('"fresh", "old"')]);
    await test.tokens.reloadKeys();
    expect(about('The keys have changed')).toHaveLength(1);
  });

  it('is called again at every keyPollInterval, also after it has failed, until the application is closed', async () => {
    test = await startApp({ options: { ...vault.options, keyPollInterval: '1s' } });
    vault.keys = [fresh];
    await expect.poll(() => signerOf(test), quickly).toBe('fresh');
    vault.failure = new Error('the vault is sealed');
    const { reads } = vault;
    await expect.poll(() => vault.reads, quickly).toBeGreaterThan(reads + 1);
    expect(await signerOf(test)).toBe('fresh');
    vault.failure = undefined;
    vault.keys = [old];
    await expect.poll(() => signerOf(test), quickly).toBe('old');
    // Once an outage, not once a read.
    expect(about('error ')).toEqual([expect.stringContaining('the vault is sealed')]);
    expect(about('can be read again')).toHaveLength(1);
    await test.close();
    const last = vault.reads;
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(vault.reads).toBe(last);
    test = await startApp();
  });

  const secret = randomBytes(31).toString('base64url').slice(0, 31);
  it.each<[string, unknown]>([
    ['no list', { old }],
    ['an empty list', []],
    ['nothing', undefined],
    ['a list with text', [secret]],
    ['a short secret', [old, { kid: 'x', algorithm: 'HS256', signingKey: secret }]],
    ['a secret in the place of an algorithm', [{ algorithm: secret, signingKey: secret }]],
    ['a secret in the place of a time', [{ ...old, expiresAt: secret }]],
    ['a key twice', [old, old]],
    ['one key for two algorithms', [fresh, long, { ...long, kid: 'x', algorithm: 'HS256' }]],
    ['no key', [{ kid: 'x', algorithm: 'ES256' }]],
  ])('that returns %s later changes nothing: reloadKeys rejects and no key is shown', async (_what, keys) => {
    test = await startApp({ options: vault.options });
    const { access } = await test.tokens.issue(test.users.named('bob'));
    vault.keys = keys;
    const error = await startError(() => test.tokens.reloadKeys());
    expect(error.problems.map(({ setting }) => setting)).toEqual([expect.stringMatching(/^keys/)]);
    // The application runs: it would be wrong to say that it does not start.
    expect(error.message).toMatch(/^jwto is misconfigured: 1 setting is wrong\.\n {2}- keys/);
    expect(`${error.message}${JSON.stringify(error)}${logged.join()}`).not.toContain(secret.slice(0, 8));
    await test.tokens.verify(access);
    expect(await signerOf(test)).toBe('old');
  });

  it('that returns bad keys at an interval has them logged by their members, and not shown', async () => {
    test = await startApp({ options: { ...vault.options, keyPollInterval: '1s' } });
    vault.keys = [old, { kid: 'x', algorithm: secret, signingKey: secret }];
    await expect.poll(() => about('error '), quickly).toEqual([expect.stringContaining('keys[1].algorithm')]);
    expect(logged.join()).not.toContain(secret.slice(0, 8));
    expect(await signerOf(test)).toBe('old');
  });

  it('that fails later changes nothing, and reloadKeys tells why', async () => {
    test = await startApp({ options: vault.options });
    vault.failure = new Error('the vault is sealed');
    vault.keys = [fresh];
    const error = await startError(() => test.tokens.reloadKeys());
    expect(error.cause).toBe(vault.failure);
    expect(await signerOf(test)).toBe('old');
    vault.failure = undefined;
    await test.tokens.reloadKeys();
    expect(await signerOf(test)).toBe('fresh');
  });

  it('that is slow never puts an older ring into the place of a newer one', async () => {
    test = await startApp({ options: vault.options });
    const slow = gate();
    vault.delay = slow.promise;
    const first = test.tokens.reloadKeys();
    vault.keys = [fresh];
    const second = test.tokens.reloadKeys();
    slow.open();
    await Promise.all([first, second]);
    expect(await signerOf(test)).toBe('fresh');
  });

  it('that hangs is given up after ten seconds, and what it gives then is not taken', async () => {
    test = await startApp({ options: vault.options });
    const hanging = gate();
    vault.delay = hanging.promise;
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const reload = startError(() => test.tokens.reloadKeys());
    await vi.advanceTimersByTimeAsync(10_001);
    expect((await reload).message).toMatch(/keys/);
    vi.useRealTimers();
    vault.keys = [fresh];
    await test.tokens.reloadKeys();
    hanging.open();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await signerOf(test)).toBe('fresh');
  });

  it('that hangs does not hold up requests', async () => {
    test = await startApp({ options: vault.options });
    const hanging = gate();
    vault.delay = hanging.promise;
    const reload = test.tokens.reloadKeys();
    const client = test.client();
    expect((await client.login()).status).toBe(200);
    expect((await client.get('/testapp/protect')).text).toBe('worked!');
    hanging.open();
    await reload;
  });

  it('that hangs at the start stops it', async () => {
    test = await startApp();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const keys = (): Promise<RingKey[]> => new Promise(() => undefined);
    const start = startError(() => startApp({ options: { signingKey: undefined, keys } }));
    await vi.advanceTimersByTimeAsync(20_000);
    expect((await start).message).toMatch(/keys/);
  });

  it('is not needed for reloadKeys, which does nothing then', async () => {
    test = await startApp({ options: ring(old) });
    await test.tokens.reloadKeys();
    expect(await signerOf(test)).toBe('old');
  });
});
