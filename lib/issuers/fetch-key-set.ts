import type { JsonWebKey } from 'node:crypto';

/** A fetch may take so long with its body, in milliseconds. */
const TIME_LIMIT = 5000;
/** Bytes of a set, after decompression: many times what any issuer publishes, and a millisecond of JSON.parse. */
const MAX_BYTES = 262_144;
/** Keys of a set. */
const MAX_KEYS = 100;

/**
 * Fetches a JWK Set (RFC 7517 §5); redirects are not followed.
 *
 * @returns its members, which may be of any kind
 * @throws Error that says what is wrong: no answer in time, none with 200, too large, or no set of at least one key
 */
export async function fetchKeySet(uri: string): Promise<readonly JsonWebKey[]> {
  const response = await fetch(uri, {
    redirect: 'manual',
    headers: { accept: 'application/json, application/jwk-set+json' },
    signal: AbortSignal.timeout(TIME_LIMIT),
  });
  if (response.status !== 200) {
    await response.body?.cancel();
    throw new Error(`it answered with ${String(response.status)}`);
  }
  return readSet(await readText(response));
}

/** Counted as it comes: what is compressed may be a thousand times as long as what was sent. */
async function readText({ body }: Response): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array>) {
    bytes += chunk.length;
    if (bytes > MAX_BYTES) throw new Error(`it answered with more than ${String(MAX_BYTES)} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** A server that is away often answers with a page. */
function readSet(text: string): readonly JsonWebKey[] {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new Error('it answered with something that is no JSON');
  }
  const { keys } = (body ?? {}) as { keys?: unknown };
  const isSet = Array.isArray(keys) && keys.every(isObject);
  if (!isSet) throw new Error('it answered with something that is no JWK Set (RFC 7517 §5)');
  if (keys.length === 0) throw new Error('its JWK Set is empty');
  if (keys.length > MAX_KEYS) throw new Error(`its JWK Set has more than ${String(MAX_KEYS)} keys`);
  return keys as JsonWebKey[];
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
