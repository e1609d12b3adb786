import type { Browser, BrowserContextOptions } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import type { RunningSample } from '../../sample/sample-process.js';
import { BUILD_TIMEOUT, launchChromium, startSample, type BrowserSampleOptions } from './chromium.js';
import { SamplePage } from './page.js';

/** Opens the sample's page in a browser profile of its own. */
export type OpenPage = (options?: BrowserContextOptions) => Promise<SamplePage>;

/** Starts the sample and a browser for a suite. After each test its pages are closed, and must have had no trouble. */
export function openPages(settings: () => Promise<BrowserSampleOptions>): OpenPage {
  let browser: Browser;
  let sample: RunningSample;
  let opened: SamplePage[] = [];

  beforeAll(async () => {
    sample = await startSample(await settings());
    browser = await launchChromium();
  }, BUILD_TIMEOUT);

  afterEach(async () => {
    const troubles = opened.flatMap((page) => page.troubles);
    await Promise.all(opened.map((page) => page.close()));
    opened = [];
    expect(troubles).toEqual([]);
  });

  afterAll(async () => {
    // Open pages with their event streams must not keep it from ending.
    await sample.stop();
    await browser.close();
  });

  return async (options) => {
    const page = await SamplePage.open(browser, sample, options);
    opened.push(page);
    return page;
  };
}
