import type { Server } from 'node:http';

export declare const TOOK: string;
export declare function timeAnswers(server: Server): void;
export declare const CPU: string;
export declare function cpu(): number;
export declare function isSlow(times: { took: number; used: number }): boolean;
