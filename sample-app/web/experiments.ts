import { NotPossible, type Laboratory } from './laboratory.js';
import { reuse } from './reuse-experiment.js';

/** A way to be refused. */
export interface Experiment {
  readonly title: string;
  /** The code that it ends with. */
  readonly code: string;
  readonly run: (lab: Laboratory) => Promise<unknown>;
}

const PROTECTED = '/testapp/protect/';
const login = (body: object | string) => (lab: Laboratory) => lab.send('POST', '/login/', { body });

const signIn: readonly Experiment[] = [
  { title: 'Wrong password', code: 'credentials_invalid', run: login({ username: 'alice', password: 'wrong' }) },
  { title: 'Inactive user', code: 'credentials_invalid', run: login({ username: 'carol', password: 'pass' }) },
  { title: 'No password', code: 'credentials_missing', run: login({ username: 'alice' }) },
  {
    title: 'Unknown mode',
    code: 'request_invalid',
    run: login({ username: 'alice', password: 'pass', mode: 'CARRIER-PIGEON' }),
  },
  { title: 'Broken JSON', code: 'request_invalid', run: login('{"username": "alice", ') },
];

const tokens: readonly Experiment[] = [
  { title: 'No token', code: 'token_missing', run: (lab) => lab.send('GET', PROTECTED) },
  {
    title: 'Garbage',
    code: 'token_malformed',
    run: (lab) => {
      lab.needJson();
      return lab.send('GET', PROTECTED, { bearer: 'garbage', note: 'Authorization: Bearer garbage' });
    },
  },
  {
    title: 'Forged claims',
    code: 'token_invalid',
    run: async (lab) => {
      const { access } = await lab.borrow();
      const note = 'Its claims now list perm1; the signature is as it was.';
      return lab.send('GET', '/testapp/perms_protect/', { bearer: forged(access), note });
    },
  },
  {
    title: 'Expired token',
    code: 'token_expired',
    run: (lab) => {
      lab.needJson();
      const { expiredToken } = lab.settings;
      if (expiredToken === null) throw new NotPossible('The sample cannot make an expired token with this algorithm.');
      return lab.send('GET', PROTECTED, { bearer: expiredToken, note: 'A token that expired an hour ago.' });
    },
  },
  {
    title: 'Refresh token as access token',
    code: 'token_wrong_type',
    run: async (lab) => {
      const { refresh } = await lab.borrow();
      return lab.send('GET', PROTECTED, { bearer: refresh, note: 'With the refresh token.' });
    },
  },
  {
    title: 'Missing permission',
    code: 'permission_denied',
    run: async (lab) => {
      const { access } = await lab.borrow();
      return lab.send('GET', '/testapp/perms_protect/', { bearer: access, note: 'alice has no permissions.' });
    },
  },
];

const csrf: readonly Experiment[] = [
  {
    title: 'No CSRF header',
    code: 'csrf_missing',
    run: (lab) => {
      lab.needCookies();
      return lab.send('POST', PROTECTED, { cookies: true, note: 'With your cookies, without X-CSRFToken.' });
    },
  },
  {
    title: 'Wrong CSRF header',
    code: 'csrf_mismatch',
    run: (lab) => {
      lab.needCookies();
      const headers = { 'X-CSRFToken': 'guessed' };
      return lab.send('POST', PROTECTED, {
        cookies: true,
        headers,
        note: 'With your cookies and X-CSRFToken: guessed.',
      });
    },
  },
];

const sessions: readonly Experiment[] = [
  {
    title: 'Revoked session',
    code: 'token_revoked',
    run: async (lab) => {
      const { access, refresh } = await lab.borrow();
      await lab.send('DELETE', lab.refreshPath('logout'), { bearer: refresh, note: 'It signs out.' });
      return lab.send('GET', PROTECTED, { bearer: access, note: 'Its access token, good for minutes to come.' });
    },
  },
  {
    title: 'Signed out twice',
    code: 'already_blacklisted',
    run: async (lab) => {
      const { refresh } = await lab.borrow();
      await lab.send('POST', lab.refreshPath('logout'), { bearer: refresh });
      return lab.send('POST', lab.refreshPath('logout'), { bearer: refresh, note: 'Once more.' });
    },
  },
  {
    title: 'Somebody else’s session',
    code: 'session_not_found',
    run: async (lab) => {
      const { access } = await lab.borrow();
      const body = { sid: 'AAAAAAAAAAAAAAAAAAAAAA' };
      return lab.send('POST', '/sessions/revoke/', { bearer: access, body });
    },
  },
  { title: 'Stolen refresh token', code: 'token_reused', run: reuse },
];

/** Experiments that are about the same. */
export interface ExperimentGroup {
  readonly name: string;
  readonly experiments: readonly Experiment[];
}

export function experimentGroups(): readonly ExperimentGroup[] {
  return [
    { name: 'Sign-in', experiments: signIn },
    { name: 'Tokens', experiments: tokens },
    { name: 'Sessions', experiments: sessions },
    { name: 'CSRF', experiments: csrf },
  ];
}

/** The token with a permission that its user does not have. */
function forged(token: string): string {
  const [header = '', payload = '', signature = ''] = token.split('.');
  const claims = JSON.parse(atob(payload.replace(/-/g, '+').replace(/_/g, '/'))) as { user: { perms: string[] } };
  claims.user.perms = ['perm1'];
  const encoded = btoa(JSON.stringify(claims)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
  return [header, encoded, signature].join('.');
}
