import type { Account, SignedIn } from './account.js';
import { announce } from './announcer.js';
import { button, byId, h } from './dom.js';
import { failedExchange } from './exchange.js';
import { MODES } from './settings.js';

const MEANINGS: Readonly<Record<string, string>> = {
  sid: 'the session',
  sub: 'whom it is about',
  iss: 'who issued it',
  aud: 'for whom',
  exp: 'expires',
  iat: 'issued',
  nbf: 'not before',
  jti: 'this very token',
  type: 'what it may be used for',
  refresh_iat: 'its refresh token was issued',
  auth_time: 'signed in',
  user: 'from the user table',
};
const TIMES = ['exp', 'iat', 'nbf', 'refresh_iat', 'auth_time'];

/** Who is signed in, with the claims of the access token. */
export function sessionPanel(account: Account): void {
  const signOut = async (): Promise<void> => {
    try {
      await account.signOut();
    } catch (error) {
      announce(failedExchange('', error).text);
    }
  };
  byId('sign-out').append(button({ id: 'sign-out-button' }, ['Sign out'], signOut));

  account.onChange((signedIn) => {
    byId('session').hidden = signedIn === null;
    byId('account').replaceChildren(...summary(signedIn));
    if (signedIn !== null) show(signedIn);
  });
}

function summary(signedIn: SignedIn | null): (Node | string)[] {
  if (signedIn === null) return ['Signed out'];
  return [h('strong', {}, signedIn.claims.user.username), h('span', { class: 'chip' }, signedIn.mode)];
}

function show({ mode, claims }: SignedIn): void {
  const { username, email, perms } = claims.user;
  byId('avatar').textContent = username.slice(0, 1).toUpperCase();
  byId('who').textContent = username;
  byId('email').textContent = email ?? '';
  const chips = perms.length === 0 ? ['no permissions'] : perms;
  byId('perms').replaceChildren(...chips.map((perm) => h('li', { class: 'chip' }, perm)));
  byId('kept').textContent = MODES[mode].kept;
  byId('claims').replaceChildren(
    ...Object.entries(claims).map(([name, value]) =>
      h(
        'tr',
        {},
        h('th', { scope: 'row' }, h('code', {}, name)),
        h('td', {}, h('code', {}, JSON.stringify(value))),
        h('td', {}, meaningOf(name, value)),
      ),
    ),
  );
}

function meaningOf(name: string, value: unknown): string {
  const meaning = MEANINGS[name] ?? '';
  if (!TIMES.includes(name) || typeof value !== 'number') return meaning;
  return `${meaning} at ${new Date(value * 1000).toLocaleTimeString()}`;
}
