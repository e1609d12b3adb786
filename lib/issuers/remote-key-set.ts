import { KeyObject } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { createRemoteJWKSet, customFetch, type CryptoKey, type FetchImplementation } from 'jose';
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
      if (error instanceof KeySetUnavailable) throw new StoreUnavailableError(error);
      // There is no such key, or there are two, or it is none that could verify: the fault of whoever names it.
      throw new TokenInvalidError();
    }
    let material = this.materials.get(key);
    if (material === undefined) this.materials.set(key, (material = this.parse(key, algorithm)));
    if (material === 'bad') throw new TokenInvalidError();
    return material;
  }

  private parse(key: CryptoKey, algorithm: Algorithm): KeyMaterial | 'bad' {
    try {
      const verifying = parseKey(KeyObject.from(key), { algorithm, use: 'verify', enforceMinimumKeyLength: true });
      return { algorithm, verifying };
    } catch (error) {
      if (!(error instanceof BadKey)) throw error;
      this.logger.warn(`A key of ${this.uri} is not used: ${error.message}`);
      return 'bad';
    }
  }

  /** @throws {@link KeySetUnavailable} unless a JWK Set came */
  private readonly fetch: FetchImplementation = async (url, options) => {
    const now = performance.now();
    if (now - this.failedAt < PAUSE) throw new KeySetUnavailable(`${url} failed a moment ago`);
    try {
      const response = await fetch(url, options);
      if (response.status !== 200) throw new Error(`it answered with ${String(response.status)}`);
      return Response.json(assertKeySet(await response.json()));
    } catch (error) {
      this.failedAt = now;
      this.logger.error(`The keys of ${url} cannot be had: ${String(error)}`);
      throw new KeySetUnavailable(`${url} failed`, { cause: error });
    }
  };
}

/** The set could not be had, as opposed to a key that is not in it. */
class KeySetUnavailable extends Error {}

/** A server that is away often answers with a page. */
function assertKeySet(body: unknown): object {
  const { keys } = (body ?? {}) as { keys?: unknown };
  const isSet = Array.isArray(keys) && keys.every((key) => typeof key === 'object' && key !== null);
  if (!isSet) throw new Error('it answered with something that is no JWK Set (RFC 7517 §5)');
  return { keys };
}
