import type { ClientMode } from 'jwto/client';
import type { Account, Change } from './account.js';
import { announce } from './announcer.js';
import { button, byId, h, whileBusy } from './dom.js';
import { failedExchange } from './exchange.js';
import { explain } from './explanations.js';
import { MODES, type Settings } from './settings.js';
import { USERS } from './users.js';

/** The form, the users that fill it by one click, and what it says when a sign-in was refused or has ended. */
export function signInPanel(account: Account, settings: Settings): void {
  const form = byId('sign-in-form', HTMLFormElement);
  const username = byId('username', HTMLInputElement);
  const password = byId('password', HTMLInputElement);
  const error = byId('sign-in-error');

  const fail = (...content: readonly (Node | string)[]): void => {
    error.replaceChildren(...content);
    error.hidden = content.length === 0;
    for (const field of [username, password]) field.ariaInvalid = content.length > 0 ? 'true' : null;
  };

  for (const user of USERS) {
    const fill = (): void => {
      username.value = user.username;
      password.value = user.password;
      fail();
      announce(`The form is filled in for ${user.username}.`);
    };
    const content = [h('strong', {}, user.username), h('span', {}, user.about)];
    byId('users').append(h('li', {}, button({ class: 'user', 'data-user': user.username }, content, fill)));
  }
  offerModes(account, settings);

  const submit = async (): Promise<void> => {
    fail();
    try {
      await account.signIn(username.value, password.value, chosenMode(form));
      form.reset();
    } catch (thrown) {
      const { code, text } = failedExchange('', thrown);
      fail(h('strong', {}, text), ' ', h('code', { class: 'code' }, code ?? 'error'), ' ', explain(code) ?? '');
      password.focus();
      password.select();
    }
  };
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    void whileBusy(byId('sign-in-button'), submit);
  });

  account.onChange((signedIn, change) => {
    byId('sign-in').hidden = signedIn !== null;
    if (signedIn === null) tellTheEnd(change, fail);
    selectMode(form, account.chosenMode);
  });
}

function offerModes({ chosenMode }: Account, { modes }: Settings): void {
  for (const mode of modes) {
    const id = `mode-${mode}`;
    const radio = h('input', {
      type: 'radio',
      name: 'mode',
      value: mode,
      id,
      checked: mode === chosenMode,
      'aria-describedby': `${id}-about`,
    });
    const about = h('span', { class: 'about', id: `${id}-about` }, MODES[mode].summary);
    byId('modes').append(h('div', { class: 'mode' }, radio, h('label', { for: id }, mode), about));
  }
  const all = Object.keys(MODES);
  byId('more-modes').hidden = modes.length === all.length;
  byId('more-modes-command').textContent = `JWTO_MODE=${all.join(',')} npm start`;
}

function chosenMode(form: HTMLFormElement): ClientMode {
  return new FormData(form).get('mode') as ClientMode;
}

function selectMode(form: HTMLFormElement, mode: ClientMode): void {
  const radio = form.querySelector<HTMLInputElement>(`#mode-${mode}`);
  if (radio !== null) radio.checked = true;
}

function tellTheEnd({ reason, code, remote }: Change, fail: (...content: (Node | string)[]) => void): void {
  if (reason === 'ended') {
    const why = explain(code) ?? '';
    fail(h('strong', {}, 'Your sign-in has ended.'), ' ', h('code', { class: 'code' }, code ?? ''), ' ', why);
  } else if (reason === 'logout') {
    fail();
    announce(remote ? 'Signed out in another tab.' : 'Signed out.');
  }
}
