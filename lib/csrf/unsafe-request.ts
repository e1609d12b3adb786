import type { Carrier } from '../http/carrier.js';

const SAFE = new Set(['GET', 'HEAD', 'OPTIONS']);

/** Whether a request may change something (RFC 9110 §9.2.1). */
export function isUnsafe({ methods }: Pick<Carrier, 'methods'>): boolean {
  return methods.some((method) => !isSafe(method));
}

/**
 * What CSRF protection asks of a request: of one that may change something, its origin and a token; of one that opens a
 * WebSocket, its origin alone, since a browser cannot open one with a header of ours, and anything may be asked for over
 * it later.
 */
export function askedOf(carrier: Pick<Carrier, 'handshake' | 'methods'>): 'nothing' | 'origin' | 'origin and token' {
  const { methods } = carrier;
  if (carrier.handshake && methods.every((method) => method === 'CONNECT' || isSafe(method))) return 'origin';
  return methods.every(isSafe) ? 'nothing' : 'origin and token';
}

function isSafe(method: string): boolean {
  return SAFE.has(method.toUpperCase());
}
