import type { KeyMaterial } from '../keys/jwto-key.js';
import type { JsonObject } from './json-object.js';

/** What a token says, once its signature stands, and the key that it stands by. */
export interface OpenedToken {
  readonly header: JsonObject;
  readonly payload: JsonObject;
  readonly key: KeyMaterial;
}

interface Entry extends OpenedToken {
  readonly offset: number;
  readonly end: number;
}

/** How much of the signature finds an entry: 72 bits. V8 copies so short a slice instead of keeping the whole token. */
const KEY_LENGTH = 12;

/** As many tokens as fit into one block of bytes. */
class Generation {
  private readonly entries = new Map<string, Entry>();
  private used = 0;
  /** Made when it is needed first: most instances of a test never do. */
  private block: Buffer | undefined;

  constructor(private readonly bytes: number) {}

  get size(): number {
    return this.entries.size;
  }

  find(key: string, token: string): Entry | undefined {
    const entry = this.entries.get(key);
    return entry !== undefined && this.block?.toString('latin1', entry.offset, entry.end) === token ? entry : undefined;
  }

  hasRoomFor(token: string): boolean {
    return this.used + token.length <= this.bytes;
  }

  add(key: string, token: string, opened: OpenedToken): void {
    this.block ??= Buffer.allocUnsafeSlow(this.bytes);
    const offset = this.used;
    this.used += this.block.write(token, offset, 'latin1');
    this.entries.set(key, { ...opened, offset, end: this.used });
  }

  clear(): void {
    this.entries.clear();
    this.used = 0;
  }
}

/**
 * Tokens whose signature and shape were found good, so that the next request with the same token need not look at them
 * again. A hit means that the whole token is equal (a key that collides gave fast-jwt another user's claims,
 * GHSA-rp9m); everything that time, keys, settings or revocation can change is checked by who asks.
 *
 * Two generations: the newer one takes what was asked for, and when it is full the older one goes whole. The texts are
 * bytes outside of V8's heap, so a heap snapshot has no usable token; that costs 0.1 µs a hit, where a SHA-256 as the
 * key costs 0.8 µs.
 */
export class VerifiedTokens {
  private newer: Generation;
  private older: Generation;
  private readonly entries: number;

  /**
   * @param limits - how many tokens it holds at most, and how many bytes their texts may have together
   */
  constructor(limits: { entries: number; bytes: number }) {
    this.entries = Math.max(1, Math.floor(limits.entries / 2));
    const bytes = Math.floor(limits.bytes / 2);
    this.newer = new Generation(bytes);
    this.older = new Generation(bytes);
  }

  /** How many tokens it holds. */
  get size(): number {
    return this.newer.size + this.older.size;
  }

  /** What was found out about this very token. */
  find(token: string): OpenedToken | undefined {
    const key = keyOf(token);
    const entry = this.newer.find(key, token);
    if (entry !== undefined) return entry;
    const old = this.older.find(key, token);
    if (old !== undefined) this.add(token, old);
    return old;
  }

  /** Keeps a token whose signature was verified; never one that failed, or strangers could push good ones out. */
  add(token: string, opened: OpenedToken): void {
    if (this.newer.size >= this.entries || !this.newer.hasRoomFor(token)) {
      this.older.clear();
      [this.newer, this.older] = [this.older, this.newer];
      if (!this.newer.hasRoomFor(token)) return;
    }
    this.newer.add(keyOf(token), token, opened);
  }
}

function keyOf(token: string): string {
  const start = token.lastIndexOf('.') + 1;
  return token.slice(start, start + KEY_LENGTH);
}
