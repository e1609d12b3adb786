const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** What a token is like, read by nothing that the library is made of. */
export interface TokenFacts {
  token: string;
  segments: string[];
  /** Each segment that is there is base64url in its one spelling. */
  isCanonical: boolean;
  isHeaderUtf8: boolean;
  headerText: string;
  /** `undefined` unless it is a JSON object. */
  header: object | undefined;
  headerDepth: number;
  isPayloadUtf8: boolean;
  payloadText: string;
  /** `undefined` if it is no JSON. */
  payloadJson: unknown;
}

/** Reads a token. */
export function readToken(token: string): TokenFacts {
  const segments = token.split('.');
  const headerBytes = Buffer.from(segments[0] ?? '', 'base64');
  const payloadBytes = Buffer.from(segments[1] ?? '', 'base64');
  const header = parse(textOf(headerBytes).replace(/^\ufeff/, ''));
  return {
    token,
    segments,
    isCanonical: segments.every(isCanonical),
    isHeaderUtf8: isUtf8(headerBytes),
    headerText: textOf(headerBytes),
    header: typeof header === 'object' && header !== null && !Array.isArray(header) ? header : undefined,
    headerDepth: depthOf(header),
    isPayloadUtf8: isUtf8(payloadBytes),
    payloadText: textOf(payloadBytes),
    payloadJson: parse(textOf(payloadBytes).replace(/^\ufeff/, '')),
  };
}

/** By the alphabet, letter by letter: what a decoder lets pass is no proof. */
function isCanonical(segment: string): boolean {
  const values = Array.from(segment, (letter) => ALPHABET.indexOf(letter));
  const spare = (values.length * 6) % 8;
  return !values.includes(-1) && spare < 6 && ((values.at(-1) ?? 0) & ((1 << spare) - 1)) === 0;
}

function isUtf8(bytes: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function textOf(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

/** How many values lie inside each other: 0 for a number, 1 for `{}`. */
export function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}
