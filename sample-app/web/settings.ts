import type { ClientMode } from 'jwto/client';

/** What the server tells of itself, from `/page/settings.json`. */
export interface Settings {
  readonly adapter: string;
  readonly database: string;
  readonly modes: readonly ClientMode[];
  readonly csrf: boolean;
  readonly refreshPath: string;
  readonly csrfCookie: string;
  readonly payloadCookie: string;
  readonly expiredToken: string | null;
}

export async function loadSettings(): Promise<Settings> {
  const answer = await fetch('/page/settings.json');
  if (!answer.ok) throw new Error(`HTTP ${String(answer.status)}`);
  return (await answer.json()) as Settings;
}

/** What each mode means for a page. */
export const MODES: Readonly<Record<ClientMode, { summary: string; kept: string }>> = {
  JSON: {
    summary: 'Tokens in the answer; each request carries a Bearer header.',
    kept: 'The tokens are in the memory of this tab: a reload forgets them.',
  },
  'ONE-COOKIE': {
    summary: 'HttpOnly cookies; no script can read anything.',
    kept: 'The tokens are in HttpOnly cookies. No script can read the claims: the page asked /testapp/claims/ for them.',
  },
  'TWO-COOKIES': {
    summary: 'HttpOnly cookies, and a copy of the claims for the page.',
    kept: 'The tokens are in HttpOnly cookies. The claims were read from the cookie beside them, without a request.',
  },
};
