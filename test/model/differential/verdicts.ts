import type { KeyObject } from 'node:crypto';
import { compactVerify } from 'jose';
import jsonwebtoken, { type Algorithm as PeerAlgorithm } from 'jsonwebtoken';
import { JwtoError, verifyJws, type Algorithm, type JwsKey } from 'jwto/jws';

/** What a library makes of a token. */
export type Verdict = { ok: true; header: unknown; payload: unknown } | { ok: false; why: string };

/** The libraries that ours is compared with. */
export type Peer = 'jose' | 'jsonwebtoken';

/** Verifies with ours. Anything but a refusal of the contract is thrown on: it is a defect, not a verdict. */
export function ours(token: string, key: JwsKey): Verdict {
  try {
    const { header, payload } = verifyJws(token, key);
    return { ok: true, header, payload: Buffer.from(payload) };
  } catch (error) {
    if (error instanceof JwtoError && ['token_malformed', 'token_invalid'].includes(error.code)) {
      return { ok: false, why: error.code };
    }
    throw error;
  }
}

/** Verifies with jose's `compactVerify`, which knows nothing of claims either. */
export async function jose(token: string, key: KeyObject, algorithm: Algorithm): Promise<Verdict> {
  try {
    const { protectedHeader, payload } = await compactVerify(token, key, { algorithms: [algorithm] });
    return { ok: true, header: protectedHeader, payload: Buffer.from(payload) };
  } catch (error) {
    return { ok: false, why: String(error) };
  }
}

/** Verifies with jsonwebtoken, its claims left out as far as it can. It gives payloads parsed where it can parse them. */
export function viaJsonwebtoken(token: string, key: KeyObject, algorithm: Algorithm): Verdict {
  try {
    const { header, payload } = jsonwebtoken.verify(token, key, {
      algorithms: [algorithm as PeerAlgorithm],
      complete: true,
      ignoreExpiration: true,
      ignoreNotBefore: true,
    });
    return { ok: true, header, payload };
  } catch (error) {
    return { ok: false, why: String(error) };
  }
}
