import { depthOf, type TokenFacts } from './token-facts.js';

/** Why ours refuses the claims of a token that another library may take. It takes none that they refuse. */
export interface ClaimRule {
  name: string;
  rfc: string;
  holds: (facts: TokenFacts, now: number) => boolean;
}

type Claims = Record<string, unknown>;

/** 9999-12-31T23:59:59Z. */
const LAST_SECOND = 253_402_300_799;

/** A rule about claims that are an object. */
function onClaims(name: string, rfc: string, holds: (claims: Claims, now: number) => boolean): ClaimRule {
  return {
    name,
    rfc,
    holds: ({ payloadJson }, now) =>
      typeof payloadJson === 'object' && payloadJson !== null && holds(payloadJson as Claims, now),
  };
}

function onHeader(name: string, rfc: string, holds: (header: Claims) => boolean): ClaimRule {
  return { name, rfc, holds: ({ header }) => header !== undefined && holds(header as Claims) };
}

/** Each disagreement is explained by the first that holds, and a token for which one holds is always refused. */
export const CLAIM_RULES: readonly ClaimRule[] = [
  {
    name: 'claims are a JSON object in UTF-8 without a byte order mark',
    rfc: 'RFC 7519 §7.2, RFC 8259 §8.1',
    holds: ({ payloadJson, isPayloadUtf8, payloadText }) =>
      typeof payloadJson !== 'object' ||
      payloadJson === null ||
      Array.isArray(payloadJson) ||
      !isPayloadUtf8 ||
      payloadText.startsWith('\ufeff'),
  },
  onHeader('no crit', 'RFC 7515 §4.1.11', (header) => Object.hasOwn(header, 'crit')),
  onHeader('no b64', 'RFC 7797 §7', (header) => Object.hasOwn(header, 'b64')),
  onHeader(
    'a typ that is there says JWT',
    'RFC 8725 §3.11',
    ({ typ }) => typ !== undefined && !(typeof typ === 'string' && /^(application\/)?jwt$/i.test(typ)),
  ),
  onHeader('a key that is named is ours', 'RFC 8725 §3.10', (header) => Object.hasOwn(header, 'kid')),
  {
    name: 'a header is valid UTF-8 without a byte order mark, 32 deep at most, and a token has 8192 characters at most',
    rfc: 'RFC 7515 §5.2, RFC 8259 §8.1 and §9',
    holds: ({ isHeaderUtf8, headerText, headerDepth, token }) =>
      !isHeaderUtf8 || headerText.startsWith('\ufeff') || headerDepth > 32 || token.length > 8192,
  },
  onClaims('claims nest 32 deep at most', 'RFC 8259 §9', (claims) => depthOf(claims) > 32),
  onClaims('exp is there', 'RFC 7519 §4.1.4, RFC 9068 §2.2', ({ exp }) => exp === undefined),
  onClaims('times are numbers that a calendar has', 'RFC 7519 §2 (NumericDate)', (claims) =>
    ['exp', 'nbf', 'iat', 'refresh_iat', 'auth_time'].some((name) => !isAbsentOrTime(claims[name])),
  ),
  onClaims('iat is there', 'RFC 9068 §2.2', ({ iat }) => iat === undefined),
  onClaims('iat lies 60 s ahead at most', 'RFC 7519 §4.1.6', ({ iat }, now) => Number(iat) > now + 60),
  onClaims('jti is a text', 'RFC 7519 §4.1.7, RFC 9068 §2.2', ({ jti }) => !isText(jti)),
  onClaims('sub is the id of the user', 'RFC 7519 §4.1.2', ({ sub, user }) => {
    const { id } = typeof user === 'object' && user !== null ? (user as Claims) : {};
    return !(isText(id) || typeof id === 'number') || sub !== String(id);
  }),
  onClaims('type says that it is an access token', 'RFC 8725 §3.12', ({ type }) => type !== 'access'),
  onClaims('sid names a session', 'OpenID Connect Front-Channel Logout 1.0 §3', ({ sid }) => !isText(sid)),
  onClaims(
    'sid is of the instance without a name',
    'the contract, Tokens: the sid of a named instance begins with its name and a dot',
    ({ sid }) => typeof sid === 'string' && sid.includes('.'),
  ),
];

function isText(value: unknown): boolean {
  return typeof value === 'string' && value !== '';
}

function isAbsentOrTime(value: unknown): boolean {
  return value === undefined || (typeof value === 'number' && value >= 0 && value <= LAST_SECOND);
}
