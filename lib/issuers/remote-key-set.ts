import { KeyObject } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { createRemoteJWKSet, customFetch, errors, type CryptoKey, type FetchImplementation } from 'jose';
import { StoreUnavailableError } from '../errors/store-errors.js';
import { TokenInvalidError } from '../errors/token-errors.js';
import type { KeyMaterial } from '../keys/jwto-key.js';
import { BadKey, parseKey } from '../keys/parse-key.js';
import type { Algorithm } from '../options/algorithm-names.js';
import type { JsonObject } from '../tokens/json-object.js';

/** Milliseconds: how old the set may be, how long an unknown `kid` asks for no new one, how long a fetch may take. */
const LIMITS = { cacheMaxAge: 600_000, cooldownDuration: 30_000, timeoutDuration: 5000 };
/** After a fetch that failed, none is tried for so long, in milliseconds, and an outage is logged no more often. */
const PAUSE = 10_000;

/**
 * The public keys of another issuer, by its JWK Set (RFC 7517). Where it is, is configured; what a token's header says
 * of keys and addresses is never looked at, but for the name of a key.
 */
export class RemoteKeySet {
  private readonly logger = new Logger('Jwto');
  private readonly keys: ReturnType<typeof createRemoteJWKSet>;
  private readonly materials = new WeakMap<CryptoKey, KeyMaterial | 'bad'>();
  private failedAt = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly uri: string,
    private readonly algorithms: readonly Algorithm[],
    private readonly enforceMinimumKeyLength: boolean,
  ) {
    this.keys = createRemoteJWKSet(new URL(uri), { ...LIMITS, [customFetch]: this.fetch });
  }

  /**
   * The key that a header calls for, the same object as long as the issuer has it.
   *
   * @throws JwtoError `token_invalid` if there is none, `store_unavailable` if the set cannot be fetched
   */
  async find({ alg, kid }: JsonObject): Promise<KeyMaterial> {
    const algorithm = this.algorithms.find((name) => name === alg);
    if (algorithm === undefined || (kid !== undefined && typeof kid !== 'string')) throw new TokenInvalidError();
    let key: CryptoKey;
    try {
      key = await this.keys({ alg: algorithm, ...(kid !== undefined && { kid }) });
    } catch (error) {
      if (isAboutKey(error)) throw new TokenInvalidError();
      this.noteFailure(error);
      throw new StoreUnavailableError(error);
    }
    let material = this.materials.get(key);
    if (material === undefined) this.materials.set(key, (material = this.parse(key, algorithm)));
    if (material === 'bad') throw new TokenInvalidError();
    return material;
  }

  private parse(key: CryptoKey, algorithm: Algorithm): KeyMaterial | 'bad' {
    const { enforceMinimumKeyLength } = this;
    try {
      const verifying = parseKey(KeyObject.from(key), { algorithm, use: 'verify', enforceMinimumKeyLength });
      return { algorithm, verifying };
    } catch (error) {
      if (!(error instanceof BadKey)) throw error;
      this.logger.warn(`A key of ${this.uri} is not used: ${error.message}`);
      return 'bad';
    }
  }

  /** Once for each pause: what failed in the fetch, or what came of it and is no key set. */
  private noteFailure(error: unknown): void {
    if (performance.now() - this.failedAt < PAUSE) return;
    this.failedAt = performance.now();
    this.logger.error(`The keys of ${this.uri} cannot be had: ${String(error)}`);
  }

  private readonly fetch: FetchImplementation = async (url, options) => {
    if (performance.now() - this.failedAt < PAUSE) throw new Error(`${url} could not be fetched a moment ago`);
    const response = await fetch(url, options);
    if (response.status !== 200) throw new Error(`it answered with ${String(response.status)}`);
    return response;
  };
}

/** No such key, or one that is no use, as opposed to a set that could not be had. */
function isAboutKey(error: unknown): boolean {
  return (
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported
  );
}
