import type { BrowserContext, Page } from 'playwright-core';

/** Of the client's options; the others are right for a page of the sample. */
export interface TabOptions {
  /** @defaultValue TWO-COOKIES */
  mode?: 'JSON' | 'ONE-COOKIE' | 'TWO-COOKIES';
  /** Milliseconds. */
  refreshTimeout?: number;
  /** Seconds. */
  accessTokenLifetime?: number;
}

/** What `onChange` told, in short. */
export interface Told {
  signedIn: boolean;
  reason: 'login' | 'refresh' | 'logout' | 'ended';
  code?: string;
  remote: boolean;
}

/** A tab of the sample's origin which has a client of its own. */
export interface Tab {
  readonly page: Page;
  /** Runs the body of an async function in the tab, in which `client` is the client. */
  run<T>(body: string): Promise<T>;
  /** The status of a request by the client. */
  fetch(path?: string, method?: string): Promise<number>;
  login(username?: string, password?: string): Promise<void>;
  logout(): Promise<void>;
  isSignedIn(): Promise<boolean>;
  /** What was told since the tab was opened. */
  told(): Promise<Told[]>;
}

/** A page of the sample that has neither a script nor a policy of its own. */
export const QUIET_PAGE = '/page/settings.json';

/** Opens a tab with the client as the sample serves it; in the mode JSON the tokens are in `localStorage`. */
export async function openTab(context: BrowserContext, origin: string, options: TabOptions = {}): Promise<Tab> {
  const page = await context.newPage();
  await page.goto(origin + QUIET_PAGE);
  const run = <T>(body: string): Promise<T> =>
    page.evaluate<T>(`(async () => { const { client } = globalThis; ${body} })()`);
  const settings = JSON.stringify({ baseUrl: '/', mode: 'TWO-COOKIES', ...options });
  await run(`
    const { createJwtoClient } = await import('/page/client/index.js');
    globalThis.told = [];
    globalThis.client = createJwtoClient({ ...${settings}, storage: localStorage });
    globalThis.client.onChange((session, change) => told.push({ signedIn: session !== null, ...change }));`);
  return {
    page,
    run,
    fetch: (path = '/testapp/protect/', method = 'GET') =>
      run(`return (await client.fetch('${path}', { method: '${method}' })).status`),
    login: (username = 'alice', password = 'pass') =>
      run(`await client.login(${JSON.stringify({ username, password })})`),
    logout: () => run('await client.logout()'),
    isSignedIn: () => run('return (await client.session()) !== null'),
    told: () => run('return told'),
  };
}

/** Several, with the first one signed in as alice when all are there. */
export async function openTabs(
  context: BrowserContext,
  origin: string,
  count: number,
  options: TabOptions = {},
): Promise<[Tab, ...Tab[]]> {
  const tabs: Tab[] = [];
  while (tabs.length < count) tabs.push(await openTab(context, origin, options));
  await tabs[0]?.login();
  return tabs as [Tab, ...Tab[]];
}
