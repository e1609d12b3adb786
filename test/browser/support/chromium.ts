import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium, type Browser, type LaunchOptions } from 'playwright-core';
import { buildSample } from '../../sample/build-sample.js';
import { startSample as startProcess, type RunningSample } from '../../sample/sample-process.js';

/** The browser's executable; suites of this folder run only where it is set: `describe.runIf(CHROMIUM !== '')`. */
export const CHROMIUM = process.env['TEST_CHROMIUM'] ?? '';

/** How long a `beforeAll` may take that builds the sample. */
export const BUILD_TIMEOUT = 240_000;

/** How the sample is started; what is not named is as for its users. */
export interface BrowserSampleOptions {
  /** `JWTO_MODE`: one, or several separated by commas. @defaultValue all three, JSON first */
  mode?: string;
  /** @defaultValue express */
  adapter?: 'express' | 'fastify';
  /** @defaultValue true */
  https?: boolean;
  /** `DATABASE_URL`. @defaultValue an embedded file */
  databaseUrl?: string | undefined;
  /** Any other variable, such as `JWTO_ACCESS_TOKEN_LIFETIME`. */
  env?: Record<string, string>;
}

/** Debian's Chromium, without a window. A context for the sample needs `ignoreHTTPSErrors`. */
export function launchChromium({ args = [], ...options }: LaunchOptions = {}): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox', ...args], ...options });
}

/** Builds what is out of date and starts the sample in a folder of its own, also in hooks; whoever starts it stops it. */
export async function startSample({
  mode = 'JSON,ONE-COOKIE,TWO-COOKIES',
  adapter = 'express',
  https = true,
  databaseUrl,
  env = {},
}: BrowserSampleOptions = {}): Promise<RunningSample> {
  await buildSample();
  const SAMPLE_DATA_DIR = mkdtempSync(join(tmpdir(), 'jwto-browser-'));
  const sample = await startProcess({
    SAMPLE_DATA_DIR,
    JWTO_MODE: mode,
    ADAPTER: adapter,
    HTTPS: https ? '1' : '0',
    ...(databaseUrl !== undefined && { DATABASE_URL: databaseUrl }),
    ...env,
  });
  return {
    ...sample,
    stop: async (signal) => {
      const ended = await sample.stop(signal);
      rmSync(SAMPLE_DATA_DIR, { recursive: true, force: true });
      return ended;
    },
  };
}
