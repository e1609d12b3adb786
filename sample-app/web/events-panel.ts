import { byId, h } from './dom.js';
import { followEvents, type SampleEvent } from './event-feed.js';

const LONGEST = 100;
const BAD = ['jwto.login_failed', 'jwto.refresh_reused', 'jwto.csrf_failed'];
const ENDS = ['jwto.blacklisted', 'jwto.session_revoked'];

/** What the server tells its application, the newest first. */
export function eventsPanel(): void {
  const list = byId('events-list');
  const state = byId('events-state');
  followEvents(
    (event) => {
      byId('events-empty').hidden = true;
      list.prepend(row(event));
      while (list.childElementCount > LONGEST) list.lastElementChild?.remove();
    },
    (live) => {
      state.textContent = live ? 'live' : 'connecting …';
      state.classList.toggle('accent', live);
    },
  );
}

function row({ name, at, userId, claims, request, reason, sid }: SampleEvent): HTMLElement {
  const tone = BAD.includes(name) ? 'bad' : ENDS.includes(name) ? 'refused' : 'good';
  const who = claims?.user?.username ?? (userId === null ? 'nobody' : `user ${userId}`);
  const by = request === null ? who : `${who} · ${request.method} ${request.path}`;
  const where = [sid === null ? undefined : `session ${sid.slice(0, 8)}…`, request?.ip ?? undefined];
  const time = new Date(at);
  return h(
    'li',
    { class: `event ${tone}`, 'data-event': name },
    h(
      'p',
      { class: 'headline' },
      h('code', { class: 'name' }, name.replace(/^jwto\./, '')),
      reason === undefined ? undefined : h('code', { class: 'code' }, reason),
      h('time', { datetime: time.toISOString() }, time.toLocaleTimeString()),
    ),
    h('p', {}, by),
    h('p', {}, where.filter((part) => part !== undefined).join(' · ')),
  );
}
