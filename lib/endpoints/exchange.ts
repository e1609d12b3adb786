import type { Clock } from '../clock/clock.js';
import type { Timekeeper } from '../clock/timekeeper.js';
import type { RequestInfo } from '../events/jwto-event.js';
import type { JwtoEvents } from '../events/jwto-events.js';
import type { Authenticator } from '../authentication/authenticator.js';
import type { RequestCsrf } from '../authentication/request-csrf.js';
import type { KeyRing } from '../keys/key-ring.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import type { SessionStore } from '../store/session-store.js';
import type { OwnSessions } from '../sign-in/own-sessions.js';
import type { Revoker } from '../revocation/revoker.js';
import type { SignIn } from '../sign-in/sign-in.js';
import type { TokenService } from '../sign-in/token-service.js';
import type { TokenVerifier } from '../tokens/token-verifier.js';
import type { CredentialReader } from '../credentials/credential-reader.js';
import type { Carrier } from '../http/carrier.js';
import type { AnyReply } from '../http/raw-reply.js';
import type { AnyRequest } from '../http/raw-request.js';
import type { TokenTransport } from '../credentials/token-transport.js';

/** A request to an endpoint, and the reply to it. */
export interface Exchange {
  readonly request: AnyRequest;
  /** The request's, for what judges it. */
  readonly carrier: Carrier;
  readonly reply: AnyReply;
  readonly info: RequestInfo;
}

/** The rooms below, as the endpoints use them. */
export interface EndpointParts {
  readonly options: ResolvedOptions;
  readonly events: JwtoEvents;
  readonly reader: CredentialReader;
  readonly authenticator: Authenticator;
  readonly csrf: RequestCsrf;
  readonly keys: KeyRing;
  readonly clock: Clock;
  readonly timekeeper: Timekeeper;
  readonly verifier: TokenVerifier;
  readonly tokens: TokenService;
  readonly signIn: SignIn;
  readonly revoker: Revoker;
  readonly sessions: SessionStore;
  readonly ownSessions: OwnSessions;
  readonly transport: TokenTransport;
}
