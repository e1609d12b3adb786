import { constants, createHash, createSecretKey, privateEncrypt, sign, type KeyObject } from 'node:crypto';
import { JwtoError, verifyJws, type Algorithm } from 'jwto/jws';
import { describe, expect, it } from 'vitest';
import { hmac, segment } from '../support/forge.js';
import { ALGORITHMS, jwkOf, makeKeys, makeRsa, pemOf } from '../support/keys.js';
import { signInput } from '../support/sign-jws.js';

const otherRsa = makeRsa(2048);
/** The order of P-256 (SEC 2), and of the group of Ed25519 (RFC 8032 §5.1). */
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const ED25519_ORDER = (1n << 252n) + 27742317777372353535851937790883648493n;
const PAYLOAD = segment('foo');

/** What is signed: the key's own algorithm in the header, so that only the signature is wrong. */
function inputFor(algorithm: Algorithm): string {
  return `${segment({ alg: algorithm })}.${PAYLOAD}`;
}

function accepts(algorithm: Algorithm, verifyingKey: KeyObject, token: string): boolean {
  try {
    verifyJws(token, { algorithm, verifyingKey });
    return true;
  } catch (error) {
    if (!(error instanceof JwtoError) || !['token_invalid', 'token_malformed'].includes(error.code)) throw error;
    return false;
  }
}

/** Which of these signatures are taken. */
function accepted(algorithm: Algorithm, key: KeyObject, signatures: Record<string, Uint8Array>): string[] {
  return Object.entries(signatures)
    .filter(([, bytes]) =>
      accepts(algorithm, key, `${inputFor(algorithm)}.${Buffer.from(bytes).toString('base64url')}`),
    )
    .map(([name]) => name);
}

/** The cases that each group of Wycheproof's json_web_signature_test has, under its names. */
function structures(input: string, signature: string): Record<string, string> {
  const [header = ''] = input.split('.');
  const none = segment({ alg: 'none' });
  const modified = (text: string): string => (text.startsWith('X') ? 'Y' : 'X') + text.slice(1);
  return {
    rejectsModifiedSignature: `${input}.${modified(signature)}`,
    rejectsMissingSignature: `${input}.`,
    rejectsMissingSignatureAndSeparator: input,
    rejectsModifiedPayload: `${header}.${modified(PAYLOAD)}.${signature}`,
    rejectsMissingPayload: `${header}..${signature}`,
    rejectsMissingPayloadAndSeparator: `${header}.${signature}`,
    rejectsModifiedHeader: `${modified(header)}.${PAYLOAD}.${signature}`,
    rejectsMissingHeader: `.${PAYLOAD}.${signature}`,
    rejectsMissingHeaderAndSeparator: `${PAYLOAD}.${signature}`,
    rejectsMissingHeaderAndSignature: `.${PAYLOAD}.`,
    rejectsMissingHeaderSignatureAndSeparators: PAYLOAD,
    rejectsEmptyString: '',
    rejectsExtraEmptyComponent: `${input}.${signature}.`,
    rejectsExtraComponent: `${input}.${signature}.foo`,
    rejectsNoneAlgorithmAndMissingSignature: `${none}.${PAYLOAD}.`,
    rejectsNoneAlgorithm: `${none}.${PAYLOAD}.${signature}`,
    rejectsValidJsonSerialization: JSON.stringify({
      payload: PAYLOAD,
      signatures: [{ protected: header, header: { unknown: 'untrustworthy' }, signature }],
    }),
  };
}

describe.each(ALGORITHMS)('%s', (algorithm) => {
  const { signing, verifying } = makeKeys(algorithm);
  const input = inputFor(algorithm);
  const signature = signInput(input, signing, algorithm);

  it('takes the good token, and nothing of another shape', () => {
    expect(accepted(algorithm, verifying, { signature })).toEqual(['signature']);
    const cases = Object.entries(structures(input, signature.toString('base64url')));
    expect(cases.filter(([, token]) => accepts(algorithm, verifying, token))).toEqual([]);
  });

  it('takes an empty payload with its own signature (RFC 7515 section 7.1)', () => {
    const header = segment({ alg: algorithm });
    const own = `${header}..${signInput(`${header}.`, signing, algorithm).toString('base64url')}`;
    const { payload } = verifyJws(own, { algorithm, verifyingKey: verifying });
    expect(Buffer.from(payload)).toEqual(Buffer.alloc(0));
  });

  it('takes no signature that is cut, longer, turned round, all zero or all one', () => {
    const { length } = signature;
    const signatures = {
      ...Object.fromEntries([1, 16, length / 2, length - 1].map((end) => [String(end), signature.subarray(0, end)])),
      longer: Buffer.concat([signature, Buffer.alloc(1)]),
      shifted: Buffer.concat([Buffer.alloc(1), signature]),
      twice: Buffer.concat([signature, signature]),
      zeros: Buffer.alloc(length),
      ones: Buffer.alloc(length, 0xff),
      reversed: Buffer.from(signature).reverse(),
    };
    expect(accepted(algorithm, verifying, signatures)).toEqual([]);
  });

  it('takes no token that brings its own key', () => {
    const foreign = /^[RP]S/.test(algorithm) ? otherRsa : makeKeys(algorithm);
    for (const own of [{ jwk: jwkOf(foreign.verifying) }, { jku: 'https://a.example' }, { x5u: 'https://a.example' }]) {
      const headed = `${segment({ alg: algorithm, ...own })}.${PAYLOAD}`;
      const token = `${headed}.${signInput(headed, foreign.signing, algorithm).toString('base64url')}`;
      expect(accepts(algorithm, foreign.verifying, token)).toBe(true);
      expect(accepts(algorithm, verifying, token)).toBe(false);
    }
  });

  it('takes no HMAC keyed with what everybody knows', () => {
    const known = signing.type === 'secret' ? ['', 'secret'] : [pemOf(verifying), JSON.stringify(jwkOf(verifying))];
    for (const text of known) {
      for (const alg of ['HS256', algorithm]) {
        const headed = `${segment({ alg })}.${PAYLOAD}`;
        const token = `${headed}.${hmac(headed, createSecretKey(Buffer.from(text)))}`;
        expect(accepts(algorithm, verifying, token)).toBe(false);
      }
    }
  });
});

describe('PKCS #1 padding (RFC 8017 section 9.2)', () => {
  const { signing, verifying } = makeKeys('RS256');
  const digest = createHash('sha256').update(inputFor('RS256')).digest();
  const info = Buffer.from('3031300d060960864801650304020105000420', 'hex');
  /** DigestInfo without its NULL. */
  const bare = Buffer.from('302f300b0609608648016503040201' + '0420', 'hex');
  const sha1 = Buffer.from('3021300906052b0e03021a05000414', 'hex');
  const block = (type: number, filler: number, end: Buffer, tail = Buffer.alloc(0)): Buffer => {
    const size = 256 - 3 - end.length - tail.length;
    return Buffer.concat([Buffer.from([0, type]), Buffer.alloc(size, filler), Buffer.from([0]), end, tail]);
  };
  const encrypt = (bytes: Buffer): Buffer => privateEncrypt({ key: signing, padding: constants.RSA_NO_PADDING }, bytes);
  const good = Buffer.concat([info, digest]);

  it('is taken in its one form', () => {
    expect(accepted('RS256', verifying, { good: encrypt(block(1, 0xff, good)) })).toEqual(['good']);
  });

  it('is refused in any other', () => {
    const blocks = {
      garbageBehind: block(1, 0xff, good, Buffer.alloc(100, 7)),
      typeTwo: block(2, 0xff, good),
      typeZero: block(0, 0, good),
      otherFiller: block(1, 0xfe, good),
      withoutNull: block(1, 0xff, Buffer.concat([bare, digest])),
      withoutInfo: block(1, 0xff, digest),
      nameOfSha1: block(1, 0xff, Buffer.concat([sha1, digest.subarray(0, 20)])),
      shortDigest: block(1, 0xff, good.subarray(0, -1)),
      longDigest: block(1, 0xff, Buffer.concat([good, Buffer.alloc(1)])),
      otherDigest: block(1, 0xff, Buffer.concat([info, Buffer.from(digest).reverse()])),
    };
    const signatures = Object.fromEntries(Object.entries(blocks).map(([name, bytes]) => [name, encrypt(bytes)]));
    expect(accepted('RS256', verifying, signatures)).toEqual([]);
  });
});

describe('PSS (RFC 7518 section 3.5)', () => {
  it.each(['PS256', 'PS384', 'PS512'] as const)('%s has a salt as long as its hash', (algorithm) => {
    const { signing, verifying } = makeKeys(algorithm);
    const due = Number(algorithm.slice(-3)) / 8;
    const signatures = Object.fromEntries(
      [0, 1, 20, 32, 48, 64, 94].map((saltLength) => [
        saltLength,
        sign(`sha${algorithm.slice(-3)}`, Buffer.from(inputFor(algorithm)), {
          key: signing,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength,
        }),
      ]),
    );
    expect(accepted(algorithm, verifying, signatures)).toEqual([String(due)]);
  });
});

describe('ES256 (RFC 7518 section 3.4)', () => {
  const { signing, verifying } = makeKeys('ES256');
  const bytes = signInput(inputFor('ES256'), signing, 'ES256');
  const r = BigInt(`0x${bytes.toString('hex', 0, 32)}`);
  const s = BigInt(`0x${bytes.toString('hex', 32)}`);
  const pair = (first: bigint, second: bigint): Buffer =>
    Buffer.from([first, second].map((part) => part.toString(16).padStart(64, '0')).join(''), 'hex');

  it('takes s and its negative, as the curve does', () => {
    const twin = pair(r, P256_ORDER - s);
    expect(accepted('ES256', verifying, { good: pair(r, s), twin })).toEqual(['good', 'twin']);
  });

  it('takes nothing outside of 1 … n - 1, no swapped halves, no DER (CVE-2022-21449)', () => {
    const edges = [0n, 1n, P256_ORDER - 1n, P256_ORDER, P256_ORDER + 1n];
    const signatures = {
      ...Object.fromEntries(edges.flatMap((a) => edges.map((b) => [`${String(a)}/${String(b)}`, pair(a, b)]))),
      ...Object.fromEntries(edges.map((a) => [`${String(a)}/s`, pair(a, s)])),
      ...Object.fromEntries(edges.map((b) => [`r/${String(b)}`, pair(r, b)])),
      swapped: pair(s, r),
      der: sign('sha256', Buffer.from(inputFor('ES256')), signing),
    };
    expect(accepted('ES256', verifying, signatures)).toEqual([]);
  });
});

describe('EdDSA (RFC 8032 section 5.1.7)', () => {
  it('takes no S that was moved by the order of the group', () => {
    const { signing, verifying } = makeKeys('EdDSA');
    const good = signInput(inputFor('EdDSA'), signing, 'EdDSA');
    const s = BigInt(`0x${Buffer.from(good.subarray(32)).reverse().toString('hex')}`) + ED25519_ORDER;
    const moved = Buffer.from(s.toString(16).padStart(64, '0'), 'hex').reverse();
    const signatures = { good, moved: Buffer.concat([good.subarray(0, 32), moved]) };
    expect(accepted('EdDSA', verifying, signatures)).toEqual(['good']);
  });
});
