import type { KeyMaterial } from '../keys/jwto-key.js';
import type { JsonObject } from './json-object.js';

/** What was found out about a token that nothing can change but its key's going. */
export interface VerifiedToken<Claims> {
  readonly header: JsonObject;
  /** Of the right shape, and with what the settings ask for. */
  readonly claims: Claims;
  /** By which its signature stands. */
  readonly key: KeyMaterial;
}

interface Entry<Claims> extends VerifiedToken<Claims> {
  readonly offset: number;
  readonly end: number;
}

/** How much of the signature finds an entry: at least 68 bits. V8 copies so short a slice instead of keeping the whole token. */
const KEY_LENGTH = 12;

/** What `toString('latin1', …)` calls; its own checks cost as much as the work. In Node since 0.x, without a type. */
interface Latin1 {
  latin1Slice(start: number, end: number): string;
}

/** Slots for tokens that were seen once: 256 KiB. */
const SLOTS = 65_536;

/**
 * Tells whether a token came before, and may not know. So a token that is used once is never kept: what it takes to
 * keep one is a sixth of what it takes to verify it, and a flood of such tokens pushes no other out.
 */
class SeenOnce {
  private slots: Uint32Array | undefined;

  /** @param key - random characters, as the end of a signature is */
  came(key: string): boolean {
    const slots = (this.slots ??= new Uint32Array(SLOTS));
    let hash = 0;
    for (let index = 0; index < key.length; index++) hash = (Math.imul(hash, 31) + key.charCodeAt(index)) >>> 0;
    // In two places, so that two tokens that share one and come in turn do not keep each other unknown.
    const [one, other] = [hash % SLOTS, hash >>> 16];
    if (slots[one] === hash || slots[other] === hash) return true;
    slots[one] = hash;
    slots[other] = hash;
    return false;
  }
}

/** As many tokens as fit into one block of bytes. */
class Generation<Claims> {
  private readonly entries = new Map<string, Entry<Claims>>();
  private used = 0;
  /** Made when it is needed first: most instances of a test never do. */
  private block: (Buffer & Latin1) | undefined;

  constructor(private readonly bytes: number) {}

  get size(): number {
    return this.entries.size;
  }

  find(key: string, token: string): Entry<Claims> | undefined {
    const entry = this.entries.get(key);
    return entry !== undefined && this.block?.latin1Slice(entry.offset, entry.end) === token ? entry : undefined;
  }

  hasRoomFor(token: string): boolean {
    return this.used + token.length <= this.bytes;
  }

  add(key: string, token: string, verified: VerifiedToken<Claims>): void {
    this.block ??= Buffer.allocUnsafeSlow(this.bytes) as Buffer & Latin1;
    const { header, claims, key: signer } = verified;
    const offset = this.used;
    this.used += this.block.write(token, offset, 'latin1');
    this.entries.set(key, { header, claims, key: signer, offset, end: this.used });
  }

  clear(): void {
    this.entries.clear();
    this.used = 0;
  }
}

/**
 * Tokens whose signature and shape were found good, so that the next request with the same token need not look at them
 * again. A hit means that the whole token is equal (a key that collides gave fast-jwt another user's claims,
 * GHSA-rp9m); type, times, key and revocation are checked by the caller.
 *
 * Two generations: the newer one takes what was asked for, and when it is full the older one goes whole. The texts are
 * bytes outside of V8's heap, so a heap snapshot has no usable token; that costs 0.1 µs a hit, where a SHA-256 as the
 * key costs 0.8 µs.
 */
export class VerifiedTokens<Claims> {
  private newer: Generation<Claims>;
  private older: Generation<Claims>;
  private readonly seen = new SeenOnce();
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
  find(token: string): VerifiedToken<Claims> | undefined {
    if (typeof token !== 'string') return undefined;
    const key = keyOf(token);
    const entry = this.newer.find(key, token);
    if (entry !== undefined) return entry;
    const old = this.older.find(key, token);
    if (old !== undefined) this.keep(token, old);
    return old;
  }

  /**
   * Keeps a token whose signature was verified, when it comes the second time; never one that failed, or strangers
   * could push good ones out.
   */
  add(token: string, verified: VerifiedToken<Claims>): void {
    if (this.seen.came(keyOf(token))) this.keep(token, verified);
  }

  private keep(token: string, verified: VerifiedToken<Claims>): void {
    if (this.newer.size >= this.entries || !this.newer.hasRoomFor(token)) {
      this.older.clear();
      [this.newer, this.older] = [this.older, this.newer];
      if (!this.newer.hasRoomFor(token)) return;
    }
    this.newer.add(keyOf(token), token, verified);
  }
}

/** The end of the signature. */
function keyOf(token: string): string {
  return token.slice(-KEY_LENGTH);
}
