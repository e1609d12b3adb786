import { h } from './dom.js';
import type { Exchange } from './exchange.js';
import { explain } from './explanations.js';

/** An exchange for the eye. */
export function showExchange(exchange: Exchange): HTMLElement {
  const { request, note, status, code, text } = exchange;
  const why = explain(code);
  // What an experiment did on its way is told by its note; what the tokens look like is not the point.
  const said = note !== undefined && status < 300 ? '' : text;
  return h(
    'div',
    { class: `exchange ${toneOf(exchange)}` },
    h(
      'p',
      { class: 'request' },
      h('code', {}, request),
      h('span', { class: 'status' }, status === 0 ? 'no answer' : String(status)),
      code === undefined ? undefined : h('code', { class: 'code' }, code),
    ),
    note === undefined ? undefined : h('p', { class: 'note' }, note),
    said === '' ? undefined : h('p', { class: 'said' }, said),
    why === undefined ? undefined : h('p', { class: 'why' }, why),
  );
}

/** The same for the ear, shorter. */
export function tellExchange({ request, status, code, text }: Exchange): string {
  return `${request}: ${status === 0 ? 'no answer' : String(status)}${code === undefined ? '' : `, ${code}`}. ${text}`;
}

function toneOf({ status }: Exchange): string {
  if (status >= 200 && status < 300) return 'good';
  return status === 401 || status === 403 ? 'refused' : 'bad';
}
