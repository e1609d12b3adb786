import type { Target } from '../grammar/requests.mjs';

export declare function signIn(port: number, secret: string, modes: readonly string[]): Promise<Target>;
