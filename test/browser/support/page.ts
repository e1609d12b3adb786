import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import type { RunningSample } from '../../sample/sample-process.js';

export type PageMode = 'JSON' | 'ONE-COOKIE' | 'TWO-COOKIES';

const PASSWORDS: Record<string, string> = { admin: 'abc123' };

/** The sample's page, as somebody uses it. */
export class SamplePage {
  /** Errors of scripts, and what the Content-Security-Policy refused. */
  readonly troubles: string[] = [];

  private constructor(readonly page: Page) {
    page.on('pageerror', (error) => this.troubles.push(String(error)));
    page.on('console', (message) => {
      // Refusals are what the page is about.
      if (message.type() === 'error' && !message.text().startsWith('Failed to load resource')) {
        this.troubles.push(message.text());
      }
    });
  }

  /** Opens it in a browser profile of its own. */
  static async open(
    browser: Browser,
    { url }: RunningSample,
    options: BrowserContextOptions = {},
  ): Promise<SamplePage> {
    const context = await browser.newContext({ ignoreHTTPSErrors: true, ...options });
    return SamplePage.openTab(await context.newPage(), url);
  }

  static async openTab(page: Page, url: string): Promise<SamplePage> {
    const opened = new SamplePage(page);
    await page.goto(url);
    await opened.ready();
    return opened;
  }

  ready(): Promise<void> {
    return this.page.locator('html[data-ready]').waitFor();
  }

  async reload(): Promise<void> {
    await this.page.reload();
    await this.ready();
  }

  /** Another tab of the same browser. */
  async tab(): Promise<SamplePage> {
    return SamplePage.openTab(await this.page.context().newPage(), this.page.url());
  }

  close(): Promise<void> {
    return this.page.context().close();
  }

  async signIn(username: string, mode?: PageMode, password = PASSWORDS[username] ?? 'pass'): Promise<void> {
    await this.page.getByLabel('Username').fill(username);
    await this.page.getByLabel('Password').fill(password);
    if (mode !== undefined) await this.page.getByLabel(mode, { exact: true }).check();
    await this.press('Sign in');
  }

  button(name: string): Locator {
    return this.page.getByRole('button', { name, exact: true });
  }

  press(name: string): Promise<void> {
    return this.button(name).click();
  }

  /** A part of the page, by its heading. */
  part(name: string): Locator {
    return this.page.getByRole('region', { name }).or(this.page.getByRole('complementary', { name }));
  }

  /** What can be seen of it, in one line. */
  async text(selector: string): Promise<string> {
    return (await this.page.locator(selector).innerText()).replace(/\s+/g, ' ');
  }
}
