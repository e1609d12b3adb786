import type { FuzzRequest, Target } from '../grammar/requests.mjs';
import type { WireAnswer } from './wire.mjs';

export interface Result {
  request: FuzzRequest;
  /** `undefined` if none came where one was due. */
  answer: WireAnswer | undefined;
  complaints: string[];
}

export declare function sendRound(port: number, requests: readonly FuzzRequest[], target: Target): Promise<Result[]>;
export declare function tookOf(answer: WireAnswer): number | undefined;
