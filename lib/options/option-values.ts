import { ALGORITHM_NAMES } from './algorithm-names.js';
import { parseDuration } from './duration.js';
import type { Members } from './read-once.js';

/** A test of one value; absent settings never get here. */
export interface Test {
  (value: unknown): boolean;
  /** Of a value that is an object, or a list of objects. */
  readonly members?: Members | undefined;
}

/** The segments that both adapters take literally, and that a cookie's Path may have (RFC 6265 §4.1.1). */
const PATH = /^\/?[\w.~-]+(?:\/[\w.~-]+)*\/?$/;
const HOST_NAME = /^\.?[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*$/i;
const LOOPBACK = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

export const isText = (value: unknown): value is string => typeof value === 'string' && value.trim() !== '';
export const isBoolean: Test = (value) => typeof value === 'boolean';
export const isFunction: Test = (value) => typeof value === 'function';
export const isKey: Test = (value) => (typeof value === 'object' && value !== null) || isText(value);

export function isOneOf(...values: readonly unknown[]): Test {
  return (value) => values.includes(value);
}

/** A list of at least one value, none of them twice. */
export function isListOf(test: Test): Test {
  const isList: Test = (value) =>
    Array.isArray(value) &&
    value.length > 0 &&
    value.every((item) => test(item)) &&
    new Set(value).size === value.length;
  return Object.assign(isList, { members: test.members });
}

/** What one test at least accepts. */
export function anyOf(...tests: readonly Test[]): Test {
  const isAny: Test = (value) => tests.some((test) => test(value));
  return Object.assign(isAny, { members: tests.find((test) => test.members !== undefined)?.members });
}

/** An object with no other members than these; `undefined` is as good as absent. */
export function isObjectOf(members: Readonly<Record<string, Test>>, required: readonly string[] = []): Test {
  const isObject: Test = (value) =>
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    required.every((name) => (value as Record<string, unknown>)[name] !== undefined) &&
    Object.entries(value).every(
      ([name, member]) => Object.hasOwn(members, name) && (member === undefined || (members[name]?.(member) ?? false)),
    );
  const names = Object.entries(members).map(([name, test]) => [name, test.members ?? null] as const);
  return Object.assign(isObject, { members: Object.fromEntries(names) });
}

/** A duration between two numbers of seconds. */
export function lasts(least: number, most: number): Test {
  return (value) => {
    const seconds = parseDuration(value);
    return seconds !== undefined && seconds >= least && seconds <= most;
  };
}

/** A whole number between two. */
export function counts(least: number, most = Number.MAX_SAFE_INTEGER): Test {
  return (value) => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
}

/** What `keys` accepts; what is in the keys, their loader checks. */
export function isRing(value: unknown): boolean {
  return (
    isFunction(value) ||
    (Array.isArray(value) && value.length > 0 && value.every((key) => typeof key === 'object' && key !== null))
  );
}

export function isPath(value: unknown): boolean {
  return typeof value === 'string' && PATH.test(value) && !/(^|\/)\.{1,2}(\/|$)/.test(value);
}

export function isHostName(value: unknown): boolean {
  return typeof value === 'string' && value.length <= 253 && HOST_NAME.test(value);
}

export function isSecretOf32Bytes(value: unknown): boolean {
  return (
    (typeof value === 'string' && Buffer.byteLength(value) >= 32) ||
    (value instanceof Uint8Array && value.byteLength >= 32)
  );
}

export function isOrigin(value: unknown): boolean {
  if (typeof value !== 'string' || !/^https?:\/\//.test(value)) return false;
  const plain = value.replace('://*.', '://wildcard.');
  return URL.canParse(plain) && new URL(plain).origin === plain && !plain.includes('*');
}

/** A kind of key per algorithm, where one kind serves several. */
const kindOf = (algorithm: string): string => (/^[RP]S/.test(algorithm) ? 'RSA' : algorithm);

/** A {@link TrustedIssuer}. A list of algorithms has one for each kind of key, so that no key has two. */
export const isIssuer: Test = isObjectOf(
  {
    issuer: isText,
    audience: (value) => isText(value) || isListOf(isText)(value),
    jwksUri: isKeySetUri,
    algorithms: (value) =>
      isListOf(isOneOf(...ALGORITHM_NAMES.filter((name) => !name.startsWith('HS'))))(value) &&
      new Set((value as string[]).map(kindOf)).size === (value as string[]).length,
    headerType: isOneOf('JWT', 'at+jwt'),
    mapUser: isFunction,
  },
  ['issuer', 'audience', 'jwksUri'],
);

/** Keys fetched over plain http are anybody's, save on this very machine. */
function isKeySetUri(value: unknown): boolean {
  if (typeof value !== 'string' || !URL.canParse(value)) return false;
  const { protocol, hostname, username, password } = new URL(value);
  if (username !== '' || password !== '') return false;
  return protocol === 'https:' || (protocol === 'http:' && LOOPBACK.test(hostname));
}
