import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeHeapSnapshot } from 'node:v8';
import { JwtoModule, jwtoOptionsFromEnv, type JwtoOptions } from 'jwto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ring, ringKey } from '../support/rings.js';
import { start } from '../support/start.js';
import { startApp, type TestApp } from '../support/test-app.js';
import { TestUsers } from '../support/users.js';

/** A snapshot of this process, with the test runner in it, takes a minute where the machine is busy. */
const SLOWLY = 300_000;

describe('a heap dump of a process that knows tokens', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jwto-heap-'));
  let test: TestApp;
  beforeAll(async () => {
    test = await startApp({ options: ring(ringKey('key')) });
  });
  afterAll(async () => {
    await test.close();
    rmSync(folder, { recursive: true });
  });

  /** Bytes are outside of V8's heap, so the test itself leaves no text of a token in it. */
  async function issue(): Promise<Buffer> {
    return Buffer.from((await test.tokens.issue(test.users.named('bob'))).access);
  }

  it(
    'has no usable token',
    async () => {
      const tokens = await Promise.all(Array.from({ length: 20 }, issue));
      // What the test holds as text is found: the search works.
      const held = (await issue()).toString();
      for (let time = 0; time < 4; time++) {
        for (const token of tokens) await test.tokens.verify(token.toString());
      }
      const dump = readFileSync(writeHeapSnapshot(join(folder, 'dump.heapsnapshot')));
      expect(dump.includes(held)).toBe(true);
      const found = tokens.filter((token) => {
        const signature = token.subarray(token.lastIndexOf('.') + 1);
        return dump.includes(token) || dump.includes(signature);
      });
      expect(found).toHaveLength(0);
      // They were known, and still are.
      for (const token of tokens) expect((await test.tokens.verify(token.toString())).user.username).toBe('bob');
    },
    SLOWLY,
  );
});

describe('a heap dump of a process whose settings a factory reads from files', () => {
  const folder = mkdtempSync(join(tmpdir(), 'jwto-heap-'));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  const secret = (): string => randomBytes(32).toString('hex');
  /** From a file, so that the test itself has no text of it. */
  const file = (name: string, text: string): (() => string) => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return () => readFileSync(path, 'utf8');
  };
  const dumped = (): Buffer => readFileSync(writeHeapSnapshot(join(folder, 'dump.heapsnapshot')));

  type Sources = Record<'key' | 'csrf' | 'tenant', () => string>;
  const FACTORIES: Readonly<Record<string, (read: Sources) => JwtoOptions>> = {
    signingKey: ({ key, csrf }) => ({ signingKey: key(), csrfSecret: csrf() }),
    keys: ({ key, csrf }) => ({
      keys: [{ kid: 'a', algorithm: 'HS256', signingKey: key() }],
      csrfSecret: csrf(),
    }),
    'a function': ({ key, csrf }) => ({
      keys: () => [{ kid: 'a', algorithm: 'HS256', signingKey: key() }],
      csrfSecret: csrf(),
    }),
    'the environment, and resolveKey': ({ key, csrf, tenant }) => ({
      ...jwtoOptionsFromEnv({ JWTO_SIGNING_KEY: key(), JWTO_CSRF_SECRET: csrf() }),
      // Bob's tokens are signed with the tenant's key.
      resolveKey: () => ({
        key: { algorithm: 'HS256', signingKey: tenant() },
        claims: { user: { username: 'bob' } },
      }),
    }),
  };

  it(
    'has no secret of theirs',
    async () => {
      const apps = await Promise.all(
        Object.entries(FACTORIES).map(async ([what, options]) => {
          const own = (name: string): (() => string) => file(`${what} ${name}`, secret());
          const read = { key: own('key'), csrf: own('csrf'), tenant: own('tenant') };
          const useFactory = () => ({ mode: 'TWO-COOKIES' as const, ...options(read) });
          const test = await start({ imports: [JwtoModule.forRootAsync({ useFactory, users: TestUsers })] });
          expect((await test.client().login('bob')).status).toBe(200);
          return { what, test };
        }),
      );
      const dump = dumped();
      for (const { what, test } of apps) {
        for (const name of ['key', 'csrf', 'tenant']) {
          // As bytes from the file: V8's heap never has them as text.
          expect([what, name, dump.includes(readFileSync(join(folder, `${what} ${name}`)))]).toEqual([
            what,
            name,
            false,
          ]);
        }
        await test.close();
      }
    },
    SLOWLY,
  );
});
