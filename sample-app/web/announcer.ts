import { byId } from './dom.js';

/** Tells those who cannot see it what has just happened. */
export function announce(text: string): void {
  const place = byId('announcer');
  // The same text twice is no change and would not be read again.
  place.textContent = place.textContent === text ? `${text}\u00a0` : text;
}
