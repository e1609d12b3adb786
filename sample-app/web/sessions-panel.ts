import type { Account } from './account.js';
import { announce } from './announcer.js';
import { Countdown } from './countdown.js';
import { button, byId, h } from './dom.js';
import { failedExchange, readExchange } from './exchange.js';
import { tellExchange } from './exchange-view.js';

/** One sign-in as `GET /sessions/` lists it; times are whole seconds. */
interface Session {
  readonly sid: string;
  readonly created: number;
  readonly expires: number;
  readonly user_agent: string | null;
  readonly ip: string | null;
  readonly current: boolean;
}

/** Where else the user is signed in. */
export class SessionsPanel {
  private readonly countdown = new Countdown('refresh', 'over: sign in again');

  constructor(private readonly account: Account) {
    const others = button({ id: 'revoke-others' }, ['Sign out everywhere else'], () => this.end('revoke_others'));
    byId('sessions-actions').append(
      others,
      button({ id: 'reload-sessions', class: 'quiet' }, ['Reload'], () => this.load()),
    );
    account.onChange((signedIn, { reason }) => {
      byId('sessions').hidden = signedIn === null;
      if (signedIn === null) this.countdown.run(undefined);
      else if (reason !== 'refresh') void this.load();
    });
  }

  async load(): Promise<void> {
    try {
      const answer = await this.account.fetch('/sessions/');
      if (answer.ok) this.show(((await answer.json()) as { sessions: Session[] }).sessions);
    } catch (error) {
      announce(failedExchange('GET /sessions/', error).text);
    }
  }

  private show(sessions: readonly Session[]): void {
    const own = sessions.find(({ current }) => current);
    this.countdown.run(own && own.expires * 1000, own && (own.expires - own.created) * 1000);
    byId('sessions-count').textContent = String(sessions.length);
    const others = sessions.length - 1;
    byId('revoke-others').hidden = others === 0;
    byId('sessions-list').replaceChildren(...sessions.map((session) => this.row(session)));
  }

  private row(session: Session): HTMLElement {
    const { sid, current, created, user_agent, ip } = session;
    const name = `${browserOf(user_agent)}, signed in ${timeOf(created)}`;
    const label = `Revoke ${current ? 'this session' : `the session of ${name}`}`;
    return h(
      'li',
      { class: current ? 'session current' : 'session' },
      h(
        'div',
        {},
        h('strong', {}, browserOf(user_agent)),
        current ? h('span', { class: 'chip accent' }, 'this one') : undefined,
        h('p', {}, `${ip ?? 'somewhere'} · signed in ${timeOf(created)}`),
      ),
      button({ class: 'danger', 'aria-label': label }, ['Revoke'], () => this.end('revoke', sid)),
    );
  }

  private async end(what: 'revoke' | 'revoke_others', sid?: string): Promise<void> {
    const path = `/sessions/${what}/`;
    const request = `POST ${path}`;
    const headers = { 'content-type': 'application/json' };
    try {
      const answer = await this.account.fetch(path, { method: 'POST', headers, body: JSON.stringify({ sid }) });
      announce(tellExchange(await readExchange(request, answer)));
    } catch (error) {
      announce(failedExchange(request, error).text);
    }
    await this.load();
    // The button that was pressed is gone with its row.
    if (this.account.current !== null) byId('sessions-title').focus();
  }
}

function browserOf(userAgent: string | null): string {
  const [, name = 'Unknown client', version = ''] =
    /(Edg|OPR|Firefox|Chrome|Chromium|curl|python-requests)\/(\d+)/.exec(userAgent ?? '') ?? [];
  return `${{ Edg: 'Edge', OPR: 'Opera' }[name] ?? name} ${version}`.trim();
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1000).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' });
}
