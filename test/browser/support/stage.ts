import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { JwtoEventName } from 'jwto';
import type { Browser, BrowserContext, BrowserContextOptions } from 'playwright-core';
import type { RunningSample } from '../../sample/sample-process.js';
import { launchChromium, startSample } from './chromium.js';
import { openDoor, type Door } from './door.js';

/** The hosts of the tests; the browser finds all of them on this machine. */
export const APP = 'app.example.test';
export const SIBLING = 'evil.example.test';
export const STRANGER = 'evil.test';

/** Chromium, a door, and a sample behind it. */
export interface Stage {
  readonly door: Door;
  /** `https://app.example.test:…`, the sample's. */
  readonly origin: string;
  readonly sample: RunningSample;
  /** A profile of its own. */
  newContext(options?: BrowserContextOptions): Promise<BrowserContext>;
  /** The sample anew, on the same data, with other settings. */
  restart(env: Record<string, string>): Promise<void>;
  /** The names of the sample's events since the last call. */
  takeEvents(): JwtoEventName[];
  close(): Promise<void>;
}

/** @param env - `JWTO_…` */
export async function openStage(env: Record<string, string>, databaseUrl?: string): Promise<Stage> {
  const SAMPLE_DATA_DIR = mkdtempSync(join(tmpdir(), 'jwto-stage-'));
  const door = await openDoor((host) => host === SIBLING || host === STRANGER);
  let browser: Browser | undefined;
  let sample: RunningSample | undefined;
  let taken = 0;
  const running = (): RunningSample => {
    if (sample === undefined) throw new Error('the sample does not run');
    return sample;
  };
  const restart = async (settings: Record<string, string>): Promise<void> => {
    await sample?.stop();
    sample = await startSample({
      mode: 'TWO-COOKIES,ONE-COOKIE,JSON',
      databaseUrl,
      env: { SAMPLE_DATA_DIR, ...settings },
    });
    taken = 0;
    door.leadTo(sample.port);
  };
  const close = async (): Promise<void> => {
    await browser?.close();
    await door.close();
    await sample?.stop();
    rmSync(SAMPLE_DATA_DIR, { recursive: true, force: true });
  };
  try {
    await restart(env);
    browser = await launchChromium({ args: ['--host-resolver-rules=MAP *.test 127.0.0.1'] });
  } catch (error) {
    await close();
    throw error;
  }
  const chromium = browser;
  return {
    door,
    origin: door.origin(APP),
    get sample() {
      return running();
    },
    newContext: async (options) => {
      const context = await chromium.newContext({ ignoreHTTPSErrors: true, ...options });
      context.setDefaultTimeout(30_000);
      return context;
    },
    restart,
    takeEvents: () => {
      const lines = running().lines();
      const names = lines.slice(taken).filter((line) => line.startsWith('jwto.'));
      taken = lines.length;
      return names.map((line) => line.split(' ', 1)[0] as JwtoEventName);
    },
    close,
  };
}
