import type { FuzzRequest, Target } from '../grammar/requests.mjs';
import type { WireAnswer } from './wire.mjs';

export declare function complaintsAbout(
  request: FuzzRequest,
  answer: WireAnswer,
  target: Pick<Target, 'secret'>,
): string[];
export declare function behaviourOf(request: FuzzRequest, answer: WireAnswer): string;
export declare function routeOf(request: Pick<FuzzRequest, 'method' | 'target'>): string | undefined;
