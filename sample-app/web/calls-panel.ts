import type { Account } from './account.js';
import { announce } from './announcer.js';
import { button, byId, h } from './dom.js';
import { failedExchange, readExchange, type Exchange } from './exchange.js';
import { showExchange, tellExchange } from './exchange-view.js';

const ROUTES = [
  { method: 'GET', path: '/testapp/protect/', about: 'needs a sign-in' },
  { method: 'POST', path: '/testapp/protect/', about: 'and, with cookies, the CSRF token' },
  { method: 'GET', path: '/testapp/perms_protect/', about: 'needs perm1' },
] as const;

/** Requests of the application's own routes, by the client. */
export function callsPanel(account: Account): void {
  for (const { method, path, about } of ROUTES) {
    const call = async (): Promise<void> => {
      const exchange = await send(account, method, path);
      byId('call-result').replaceChildren(showExchange(exchange));
      announce(tellExchange(exchange));
    };
    const content = [h('code', {}, `${method} ${path}`), h('span', {}, about)];
    byId('calls-list').append(h('li', {}, button({ class: 'route' }, content, call)));
  }
  account.onChange((_signedIn, { reason }) => {
    if (reason !== 'refresh') byId('call-result').replaceChildren();
  });
}

async function send(account: Account, method: string, path: string): Promise<Exchange> {
  const request = `${method} ${path}`;
  try {
    return await readExchange(request, await account.fetch(path, { method }));
  } catch (error) {
    return failedExchange(request, error);
  }
}
