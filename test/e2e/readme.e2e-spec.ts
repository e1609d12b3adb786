import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { NestFactory } from '@nestjs/core';
import { Logger, type INestApplication, type Type } from '@nestjs/common';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from '../support/client.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const quickStart = /```ts\n(.*?)```/s.exec(readme)?.[1] ?? '';
const generated = join(root, 'test/readme/quick-start.generated.ts');

describe("the README's quick start", () => {
  let app: INestApplication;
  let client: Client;
  const folder = mkdtempSync(join(tmpdir(), 'jwto-readme-'));
  const before = process.cwd();

  beforeAll(async () => {
    writeFileSync(generated, quickStart);
    process.chdir(folder);
    process.env['SIGNING_KEY'] = 'k'.repeat(32);
    const { AppModule } = (await import(generated)) as { AppModule: Type };
    Logger.overrideLogger(false);
    app = await NestFactory.create(AppModule);
    await app.listen(0, '127.0.0.1');
    client = new Client(await app.getUrl());
  });
  afterAll(async () => {
    await app.close();
    process.chdir(before);
    rmSync(folder, { recursive: true });
    rmSync(generated);
  });

  it('has at most 15 lines', () => {
    expect(quickStart.split('\n').filter((line) => line.trim() !== '').length).toBeLessThanOrEqual(15);
  });

  it('compiles as it stands', () => {
    const tsconfig = join(root, 'test/readme/tsconfig.json');
    expect(() => execFileSync('npx', ['tsc', '-p', tsconfig], { cwd: root, encoding: 'utf8' })).not.toThrow();
  });

  it('signs in by form, as its curl does, and guards the route', async () => {
    expect((await client.get('/orders')).status).toBe(401);
    const login = await client.send('/login/', { form: { username: 'alice', password: 'pass' } });
    client.bearer = login.json.access;
    expect((await client.get('/orders')).text).toBe('orders of alice');
  });
});
