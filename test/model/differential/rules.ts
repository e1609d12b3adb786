import { isDeepStrictEqual } from 'node:util';
import type { Algorithm } from 'jwto/jws';
import { readToken, type TokenFacts } from './token-facts.js';
import type { Peer, Verdict } from './verdicts.js';

/** How two verdicts differ, seen from ours. */
type Difference = 'we refuse' | 'we take' | 'other content';

/** Why ours and another library may differ. */
interface Rule {
  name: string;
  rfc: string;
  difference: Difference;
  /** Who differs from ours by it. */
  peers: readonly Peer[];
  /** Whether it is the token's case; looked at without the library. */
  holds: (facts: TokenFacts, algorithm: Algorithm) => boolean;
}

const BOTH: readonly Peer[] = ['jose', 'jsonwebtoken'];

/** Every disagreement must be one of these, and each of these must be met. */
export const RULES: readonly Rule[] = [
  {
    name: 'base64url without padding, other characters or unused bits: one spelling a token',
    rfc: 'RFC 7515 §2, RFC 4648 §3.5',
    difference: 'we refuse',
    peers: BOTH,
    holds: ({ isCanonical }) => !isCanonical,
  },
  {
    name: 'crit names what must be understood, and we understand no extension',
    rfc: 'RFC 7515 §4.1.11',
    difference: 'we refuse',
    peers: ['jsonwebtoken'],
    holds: ({ header }) => header !== undefined && Object.hasOwn(header, 'crit'),
  },
  {
    name: 'b64 is not for JWTs, whatever its value',
    rfc: 'RFC 7797 §7',
    difference: 'we refuse',
    peers: BOTH,
    holds: ({ header }) => header !== undefined && Object.hasOwn(header, 'b64'),
  },
  {
    name: 'a header is valid UTF-8',
    rfc: 'RFC 7515 §5.2',
    difference: 'we refuse',
    peers: ['jsonwebtoken'],
    holds: ({ isHeaderUtf8 }) => !isHeaderUtf8,
  },
  {
    name: 'a header has no byte order mark',
    rfc: 'RFC 8259 §8.1',
    difference: 'we refuse',
    peers: ['jose'],
    holds: ({ headerText }) => headerText.startsWith('\ufeff'),
  },
  {
    name: 'a header nests 32 deep at most',
    rfc: 'RFC 8259 §9',
    difference: 'we refuse',
    peers: BOTH,
    holds: ({ headerDepth }) => headerDepth > 32,
  },
  {
    name: 'a token has 8192 characters at most',
    rfc: 'RFC 8259 §9',
    difference: 'we refuse',
    peers: BOTH,
    holds: ({ token }) => token.length > 8192,
  },
  {
    name: 'a payload may have no octets at all',
    rfc: 'RFC 7515 §7.1',
    difference: 'we take',
    peers: ['jsonwebtoken'],
    holds: ({ segments }) => segments.length === 3 && segments[1] === '',
  },
  {
    name: 'a payload is any octets; what it says is asked after the signature',
    rfc: 'RFC 7515 §3',
    difference: 'we take',
    peers: ['jsonwebtoken'],
    holds: ({ payloadJson, payloadText }) =>
      payloadJson === undefined || payloadJson === null || payloadText.startsWith('\ufeff'),
  },
  {
    name: 'EdDSA and Ed25519 are algorithms',
    rfc: 'RFC 8037 §3.1, RFC 9864 §2.2',
    difference: 'we take',
    peers: ['jsonwebtoken'],
    holds: (_facts, algorithm) => algorithm.startsWith('Ed'),
  },
  {
    name: 'EdDSA and Ed25519 are two names of one algorithm',
    rfc: 'RFC 9864 §2.2',
    difference: 'we take',
    peers: ['jose'],
    holds: ({ header = {} }, algorithm) => {
      const { alg } = header as { alg?: unknown };
      return algorithm.startsWith('Ed') && alg !== algorithm && (alg === 'EdDSA' || alg === 'Ed25519');
    },
  },
  {
    name: 'a JSON text inside of a JSON text is a text, and no claims',
    rfc: 'RFC 7519 §7.2',
    difference: 'other content',
    peers: ['jsonwebtoken'],
    holds: ({ payloadJson }) => typeof payloadJson === 'string',
  },
  {
    name: 'an own __proto__ in a header is nothing that a reader may merge',
    rfc: 'RFC 8725 §3.10',
    difference: 'other content',
    peers: BOTH,
    holds: ({ headerText }) => /__proto__|\\u005f/i.test(headerText),
  },
  {
    name: 'a header is read as UTF-8, not as Latin-1',
    rfc: 'RFC 7515 §5.2',
    difference: 'other content',
    peers: ['jsonwebtoken'],
    holds: ({ headerText }) => /[\u0080-\uffff]/.test(headerText),
  },
];

/**
 * The rule that explains how another verdict differs from ours.
 *
 * @returns `'agree'` if it does not, `undefined` if no rule explains it
 */
export function explain(
  token: string,
  algorithm: Algorithm,
  own: Verdict,
  peer: Peer,
  other: Verdict,
): Rule | 'agree' | undefined {
  const difference = differenceOf(own, other);
  if (difference === undefined) return 'agree';
  const facts = readToken(token);
  return RULES.find(
    (rule) => rule.difference === difference && rule.peers.includes(peer) && rule.holds(facts, algorithm),
  );
}

/** The rule by which ours must refuse a token, whatever the others do; `undefined` if there is none. */
export function mustRefuse(token: string, algorithm: Algorithm): Rule | undefined {
  const facts = readToken(token);
  return RULES.find((rule) => rule.difference === 'we refuse' && rule.holds(facts, algorithm));
}

function differenceOf(own: Verdict, other: Verdict): Difference | undefined {
  if (own.ok !== other.ok) return own.ok ? 'we take' : 'we refuse';
  if (!own.ok || !other.ok) return undefined;
  const isSame =
    isDeepStrictEqual(own.header, other.header) && isDeepStrictEqual(comparable(own, other.payload), other.payload);
  return isSame ? undefined : 'other content';
}

/** Our payload in the form in which the other library gives its own. */
function comparable({ payload }: { payload: unknown }, other: unknown): unknown {
  if (Buffer.isBuffer(other)) return payload;
  const text = (payload as Buffer).toString('utf8');
  return text === other ? text : (JSON.parse(text) as unknown);
}
