import type { Carrier } from '../http/carrier.js';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a request may change something (RFC 9110 §9.2.1). */
export function isUnsafe({ methods }: Pick<Carrier, 'methods'>): boolean {
  return methods.some((method) => !SAFE.has(method.toUpperCase()));
}

/**
 * Whether the request opens a WebSocket, which a browser cannot do with a header of ours, and over which anything may be
 * asked for later: its origin is all that can be checked.
 */
export function isHandshake(carrier: Pick<Carrier, 'handshake' | 'methods'>): boolean {
  const isSafe = (method: string): boolean => method === 'CONNECT' || SAFE.has(method.toUpperCase());
  return carrier.handshake && carrier.methods.every(isSafe);
}
