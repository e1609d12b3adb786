import type { Account } from './account.js';
import { announce } from './announcer.js';
import { button, byId, h } from './dom.js';
import type { Exchange } from './exchange.js';
import { showExchange, tellExchange } from './exchange-view.js';
import { experimentGroups, type Experiment } from './experiments.js';
import { Laboratory, NotPossible } from './laboratory.js';
import type { Settings } from './settings.js';

/** Buttons that are refused, each with what was sent, what came, and why. */
export function experimentsPanel(account: Account, settings: Settings): void {
  let running = new AbortController();

  const run = async ({ title, run: experiment }: Experiment): Promise<void> => {
    running.abort();
    running = new AbortController();
    const { signal } = running;
    const result = byId('experiment-result');
    result.replaceChildren(h('h3', {}, title));

    let last: Exchange | undefined;
    const tell = (exchange: Exchange): void => {
      if (signal.aborted) return;
      last = exchange;
      result.append(showExchange(exchange));
    };
    const lab = new Laboratory(account, settings, tell, signal);
    try {
      await experiment(lab);
      if (last !== undefined && !signal.aborted) announce(tellExchange(last));
    } catch (error) {
      if (signal.aborted) return;
      const text = error instanceof NotPossible ? error.message : `No answer: ${String(error)}`;
      result.append(h('p', { class: 'impossible' }, text));
      announce(text);
    } finally {
      await lab.tidy().catch(() => undefined);
    }
  };

  byId('experiments').append(
    ...experimentGroups().map(({ name, experiments }, index) => {
      const id = `experiments-${String(index)}`;
      const items = experiments.map((experiment) => {
        const attributes = { class: 'experiment', title: `is refused with ${experiment.code}` };
        return h(
          'li',
          {},
          button(attributes, [experiment.title], () => run(experiment)),
        );
      });
      return h('div', { class: 'group' }, h('h3', { id }, name), h('ul', { 'aria-labelledby': id }, ...items));
    }),
  );
}
