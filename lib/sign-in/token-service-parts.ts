import type { Clock } from '../clock/clock.js';
import type { Timekeeper } from '../clock/timekeeper.js';
import type { AcceptedTokens } from '../issuers/accepted-tokens.js';
import type { KeyFeed } from '../keys/key-feed.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { SessionStore } from '../store/session-store.js';
import type { TokenVerifier } from '../tokens/token-verifier.js';
import type { OwnSignIn } from './own-sign-in.js';
import type { Purger } from '../revocation/purger.js';
import type { Refresh } from './refresh.js';
import type { RefreshAcceptance } from './refresh-acceptance.js';
import type { RevocationCheck } from '../revocation/revocation-check.js';
import type { Revoker } from '../revocation/revoker.js';
import type { SignIn } from './sign-in.js';

/** The parts that `TokenService` is the façade of. */
export interface TokenServiceParts {
  options: ResolvedOptions;
  clock: Clock;
  timekeeper: Timekeeper;
  keys: KeyRing;
  verifier: TokenVerifier;
  accepted: AcceptedTokens;
  keyFeed: KeyFeed | undefined;
  signIn: SignIn;
  refresh: Refresh;
  acceptance: RefreshAcceptance;
  revoker: Revoker;
  revocations: RevocationCheck;
  sessions: SessionStore;
  purger: Purger;
  /** Made after the façade, which it uses. */
  ownSignIn: () => OwnSignIn;
}
