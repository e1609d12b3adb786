import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { writeHeapSnapshot } from 'node:v8';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ring, ringKey } from '../support/rings.js';
import { startApp, type TestApp } from '../support/test-app.js';

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

  it('has no usable token', async () => {
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
  });
});
