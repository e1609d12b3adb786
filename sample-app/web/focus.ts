import type { Account } from './account.js';
import { byId } from './dom.js';

/**
 * When somebody signs in or out, what had the focus is gone, and so it goes to where one goes on; not if another tab did
 * it. To be called last, when the panels are there.
 */
export function followFocus(account: Account): void {
  account.onChange((signedIn, { reason, remote }) => {
    if (remote || reason === 'start' || reason === 'refresh') return;
    byId(signedIn === null ? 'sign-in-title' : 'session-title').focus();
  });
}
