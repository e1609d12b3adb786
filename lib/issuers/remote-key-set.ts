import { Logger } from '@nestjs/common';
import { StoreUnavailableError } from '../errors/store-errors.js';
import { TokenInvalidError } from '../errors/token-errors.js';
import { isNameOf } from '../keys/algorithms.js';
import type { KeyMaterial } from '../keys/jwto-key.js';
import type { Algorithm } from '../options/algorithm-names.js';
import type { JsonObject } from '../tokens/json-object.js';
import { fetchKeySet } from './fetch-key-set.js';
import { readPublishedKeys, type PublishedKey } from './published-keys.js';

/** Milliseconds from which on a set is fetched anew while the keys that it has go on. */
const RENEW_AFTER = 300_000;
/** Milliseconds from which on its keys are not believed without a new one. */
const TOO_OLD = 600_000;
/** For so many milliseconds after a fetch an unknown `kid` asks for no new one. */
const COOLDOWN = 30_000;
/** After a fetch that failed none is tried for so many milliseconds, and an outage is logged no more often. */
const PAUSE = 10_000;
/** A token that names no key may be of so many; a flood of such tokens costs as many signatures each. */
const MAX_UNNAMED = 4;

/**
 * The public keys of another issuer, by its JWK Set (RFC 7517). Where it is, is configured; what a token's header says
 * of keys and addresses is never looked at, but for the name of a key. The set is parsed once, when it has come: a request
 * looks a key up, and waits for a fetch only where it needs one.
 */
export class RemoteKeySet {
  private readonly logger = new Logger('Jwto');
  private keys: readonly PublishedKey[] = [];
  private fetchedAt = Number.NEGATIVE_INFINITY;
  private failedAt = Number.NEGATIVE_INFINITY;
  private running: Promise<void> | undefined;
  private warned: ReadonlySet<string> = new Set();

  constructor(
    private readonly uri: string,
    private readonly algorithms: readonly Algorithm[],
  ) {}

  /**
   * The keys that a header calls for: one by its name, or without a name those of its algorithm. Each is the same object
   * as long as the issuer has it.
   *
   * @returns at least one
   * @throws JwtoError `token_invalid` if there is none, `store_unavailable` if the set cannot be had
   */
  async find(header: JsonObject): Promise<readonly KeyMaterial[]> {
    const { alg, kid } = header;
    const isPossible =
      this.algorithms.some((name) => isNameOf(alg, name)) && (kid === undefined || typeof kid === 'string');
    if (!isPossible) throw new TokenInvalidError();
    if (this.age() > TOO_OLD) await this.renew();
    else if (this.age() > RENEW_AFTER) this.renew().catch(() => undefined);
    let found = this.select(header);
    if (found.length === 0 && this.age() > COOLDOWN) {
      await this.renew();
      found = this.select(header);
    }
    // There is no such key, or there are too many: a fault of the token, not of the set.
    if (found.length === 0 || found.length > MAX_UNNAMED) throw new TokenInvalidError();
    return found;
  }

  /**
   * Fetches the set now, whatever its age; a fetch that has begun before may not have what is new.
   *
   * @throws JwtoError `store_unavailable` if it cannot be had; the keys then stay as they are
   */
  async reload(): Promise<void> {
    await this.running?.catch(() => undefined);
    await (this.running ??= this.begin());
  }

  private age(): number {
    return performance.now() - this.fetchedAt;
  }

  private select({ alg, kid }: JsonObject): readonly PublishedKey[] {
    return this.keys.filter((key) => isNameOf(alg, key.algorithm) && (kid === undefined || key.kid === kid));
  }

  /** One fetch for all that wait. */
  private renew(): Promise<void> {
    if (this.running === undefined && performance.now() - this.failedAt < PAUSE) {
      return Promise.reject(new StoreUnavailableError(new Error(`${this.uri} failed a moment ago`)));
    }
    return (this.running ??= this.begin());
  }

  private begin(): Promise<void> {
    return this.fetch().finally(() => (this.running = undefined));
  }

  private async fetch(): Promise<void> {
    const warnings = new Set<string>();
    try {
      const jwks = await fetchKeySet(this.uri);
      this.keys = await readPublishedKeys(jwks, this.algorithms, this.keys, (what) => warnings.add(what));
      this.fetchedAt = performance.now();
      this.failedAt = Number.NEGATIVE_INFINITY;
    } catch (error) {
      this.failedAt = performance.now();
      this.logger.error(`The keys of ${this.uri} cannot be had: ${String(error)}`);
      throw new StoreUnavailableError(error);
    }
    for (const what of warnings) {
      if (!this.warned.has(what)) this.logger.warn(`A key of ${this.uri} is not used: ${what}`);
    }
    this.warned = warnings;
  }
}
