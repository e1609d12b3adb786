import type { Random } from './random.mjs';

export interface Target {
  host: string;
  secret: string;
  tokens: { access: string; refresh: string }[];
  cookies: Record<string, string>[];
}

export interface FuzzRequest {
  method: string;
  target: string;
  headers: [string, string][];
  body: Buffer;
  framing: 'length' | 'chunked' | 'none' | 'long' | 'short' | 'both' | 'broken';
}

export declare const ROUTES: readonly (readonly [method: string, path: string])[];
export declare function anyRequest(random: Random, target: Target): FuzzRequest;
export declare function crossRequests(
  random: Random,
  first: FuzzRequest,
  second: FuzzRequest,
  target: Target,
): FuzzRequest;
export declare function isComplete(request: FuzzRequest): boolean;
export declare function bytesOf(request: FuzzRequest, isLast?: boolean): Buffer;
