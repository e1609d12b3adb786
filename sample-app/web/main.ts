import { Account } from './account.js';
import { callsPanel } from './calls-panel.js';
import { accessCountdown } from './countdown.js';
import { byId, h } from './dom.js';
import { eventsPanel } from './events-panel.js';
import { experimentsPanel } from './experiments-panel.js';
import { followFocus } from './focus.js';
import { sessionPanel } from './session-panel.js';
import { SessionsPanel } from './sessions-panel.js';
import { loadSettings, type Settings } from './settings.js';
import { signInPanel } from './sign-in-panel.js';

async function start(): Promise<void> {
  const settings = await loadSettings();
  const account = new Account(settings);
  describeServer(settings);
  signInPanel(account, settings);
  sessionPanel(account);
  accessCountdown(account);
  new SessionsPanel(account);
  callsPanel(account);
  experimentsPanel(account, settings);
  eventsPanel();
  followFocus(account);
  await account.start();
}

function describeServer({ adapter, database, modes }: Settings): void {
  const facts = [adapter, location.protocol.replace(':', ''), database, ...modes];
  byId('server').replaceChildren(...facts.map((fact) => h('li', { class: 'chip' }, fact)));
}

try {
  await start();
} catch (error) {
  const trouble = byId('trouble');
  trouble.hidden = false;
  trouble.textContent = `The page could not start: ${error instanceof Error ? error.message : String(error)}. Is the sample still running?`;
}
document.documentElement.dataset['ready'] = '';
