import type { Random } from './random.mjs';

export declare const ALGORITHM_NAMES: readonly string[];
export declare const HEADER_NAMES: readonly string[];
export declare const CLAIM_NAMES: readonly string[];
export declare function draftHeader(random: Random, algorithm: string): Buffer;
export declare function draftPayload(random: Random, claims: object): Buffer;
export declare function respell(random: Random, token: string): string;
export declare function twinOf(segment: string): string;
export declare function warpSignature(random: Random, signature: Buffer): Buffer;
