import type { JwtoKey } from './jwto-key.js';

/** The keys of one module instance: which one signs, and which one a token's header calls for. */
export class KeyRing {
  constructor(private readonly key: JwtoKey) {}

  /** The key that signs, if this process issues tokens. */
  get active(): JwtoKey | undefined {
    return this.key.signing === undefined ? undefined : this.key;
  }

  /**
   * The key for a token, found by its header and never taken from it (RFC 8725 §3.10). Our tokens have no `kid`, so a
   * token that names one is not ours.
   */
  select(header: Readonly<Record<string, unknown>>): JwtoKey | undefined {
    return Object.hasOwn(header, 'kid') ? undefined : this.key;
  }
}
