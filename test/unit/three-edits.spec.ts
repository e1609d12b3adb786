import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';

const run = promisify(execFile);
const copy = mkdtempSync(join(tmpdir(), 'jwto-edits-'));

beforeAll(() => {
  for (const file of ['lib', 'package.json', 'tsconfig.json', 'tsconfig.build.json']) {
    cpSync(file, join(copy, file), { recursive: true });
  }
  symlinkSync(realpathSync('node_modules'), join(copy, 'node_modules'));
});
afterAll(() => {
  rmSync(copy, { recursive: true });
});

/** What is written into a file of the copy: a whole new file, or what comes before a line that is there. */
type Edit = { file: string; whole: string } | { file: string; before: Record<string, string> };

/** Edits the copy, in three files at most. */
function edit(...edits: Edit[]): void {
  expect(new Set(edits.map(({ file }) => file)).size).toBeLessThanOrEqual(3);
  for (const one of edits) {
    const path = join(copy, 'lib', one.file);
    if ('whole' in one) {
      writeFileSync(path, one.whole);
      continue;
    }
    let text = readFileSync(path, 'utf8');
    for (const [line, added] of Object.entries(one.before)) {
      expect(text.split(line), `${one.file} has once: ${line}`).toHaveLength(2);
      text = text.replace(line, `${added}${line}`);
    }
    writeFileSync(path, text);
  }
}

const hello = (greeting: string): string => `
import { defineEndpoint } from './endpoint.js';

/** Greets. @returns a greeting */
export const hello = defineEndpoint({
  name: 'hello',
  method: 'GET',
  belowRefreshPath: true,
  verb: 'loudly',
  action: ({ options }) => ${greeting},
  answer: (greeting) => ({ status: 200, body: { greeting } }),
});
`;

/** An application on the copy; it prints what the settings make of its first argument. */
const APPLICATION = `
import 'reflect-metadata';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { TypeOrmModule } from '@nestjs/typeorm';
import { jwtoEntities, jwtoMigrations, JwtoModule, jwtoOptionsFromEnv, UserProvider } from './dist/index.js';

class Users extends UserProvider {
  authenticate = () => null;
  findById = () => null;
}
const database = { type: 'better-sqlite3', database: ':memory:', migrationsRun: true, retryAttempts: 0 };
const print = async (environment, options) => {
  class App {}
  const settings = { signingKey: 'a-signing-key-of-32-bytes-and-more', ...jwtoOptionsFromEnv(environment), ...options };
  Module({
    imports: [
      TypeOrmModule.forRoot({ ...database, entities: [...jwtoEntities], migrations: [...jwtoMigrations] }),
      JwtoModule.forRoot({ ...settings, users: Users }),
    ],
  })(App);
  try {
    const app = await NestFactory.create(App, { logger: false, abortOnError: false });
    await app.listen(0, '127.0.0.1');
    const documented = Object.keys(SwaggerModule.createDocument(app, new DocumentBuilder().build()).paths);
    const path = documented.find((one) => one.endsWith('/loudly'));
    const answer = path && (await fetch((await app.getUrl()) + path + '/'));
    console.log(JSON.stringify([path ?? null, (await answer?.json()) ?? null]));
    await app.close();
  } catch ({ problems }) {
    console.log(JSON.stringify(problems));
  }
};
for (const [environment, options] of JSON.parse(process.argv[2])) await print(environment, options);
`;

it('an endpoint and a setting are added by editing three files each', { timeout: 120_000 }, async () => {
  edit(
    { file: 'endpoints/hello.ts', whole: hello("'hello'") },
    {
      file: 'endpoints/endpoint-list.ts',
      before: {
        "import { keySet } from './key-set.js';": "import { hello } from './hello.js';\n",
        '  jwks: [': 'hello: [hello],\n',
      },
    },
    {
      file: 'options/endpoint-paths.ts',
      before: { "  | 'jwks'": "  | 'hello'\n", '  jwks: {': "  hello: { path: 'hello' },\n" },
    },
  );
  edit(
    {
      file: 'options/jwto-options.ts',
      before: {
        '  /** The version of the routes':
          "/** What is said. @defaultValue `'hello'` */\n  greeting?: string | undefined;\n",
      },
    },
    {
      file: 'options/setting-table.ts',
      before: { '  version: {': "  greeting: { ...aText, env: ['JWTO_GREETING', text], default: 'hello' },\n" },
    },
    { file: 'endpoints/hello.ts', whole: hello('options.greeting.toUpperCase()') },
  );
  const lean = ['--declaration', '--declarationMap', '--sourceMap', '--inlineSources'].flatMap((one) => [one, 'false']);
  await run(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json', ...lean], { cwd: copy });

  writeFileSync(join(copy, 'app.mjs'), APPLICATION);
  const settings = [
    [{}, {}],
    [{ JWTO_GREETING: 'salut' }, { endpoints: { hello: 'bonjour' } }],
    [{}, { greeting: 'hi', endpoints: { hello: false } }],
    [{ JWTO_GREETING: 'hi' }, { greeting: 7, endpoints: { hello: 'logout', logout: 'logout/loudly' } }],
  ];
  const { stdout } = await run(process.execPath, ['app.mjs', JSON.stringify(settings)], { cwd: copy });
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    ['/api/token/refresh/hello/loudly', { greeting: 'HELLO' }],
    ['/api/token/refresh/bonjour/loudly', { greeting: 'SALUT' }],
    [null, null],
    [
      { setting: 'greeting', got: '7', accepts: 'accepts a non-empty text' },
      { setting: 'endpoints', got: 'one path for logout and hello', accepts: 'each endpoint needs a path of its own' },
    ],
  ]);
});
