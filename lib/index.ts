export { JwtoModule } from './jwto.module.js';
export type {
  JwtoModuleAsyncOptions,
  JwtoModuleExtras,
  JwtoModuleOptions,
  JwtoOptionsFactory,
  ProviderSource,
} from './module/module-options.js';
export type { EndpointName } from './options/endpoint-paths.js';
export type {
  JwtoOptions,
  LifetimeContext,
  LoginAttempt,
  LoginDelay,
  MappedError,
  Mode,
  SignInLifetimes,
} from './options/jwto-options.js';
export type {
  ForeignUser,
  Instant,
  KeyInput,
  KeyResolver,
  KeySource,
  ResolvedKey,
  RingKey,
  TokenCacheLimits,
  TokenChecks,
  TrustedIssuer,
  UnverifiedToken,
} from './options/key-options.js';
export type { Algorithm } from './options/algorithm-names.js';
export type { Duration } from './options/duration.js';
export { jwtoOptionsFromEnv } from './options/options-from-env.js';

export {
  CsrfExempt,
  JwtLoginOptional,
  JwtLoginRequired,
  JwtPermRequired,
  JwtRefreshRequired,
  Public,
} from './guards/guard-decorators.js';
export type { GuardOptions, PermissionOptions, RouteDecorator } from './guards/guard-decorators.js';
export { JwtoGuard } from './guards/jwto.guard.js';
export { CurrentUser, TokenClaims, type FieldDecorator } from './guards/param-decorators.js';

export { TokenService } from './sign-in/token-service.js';
export type { IssueOptions, RefreshOptions, RevokeOptions, SessionInfo } from './sign-in/token-service-options.js';
export type { IssuedTokens } from './tokens/issued-tokens.js';
export type { SignInReply, SignInRequest } from './sign-in/own-sign-in.js';
export type { PurgeResult } from './revocation/purger.js';
export type { RevocationReason } from './revocation/revoker.js';
export type { ForeignClaims, JwtoClaims, JwtoUser, TokenType } from './tokens/claims.js';
export { TokenTransport } from './credentials/token-transport.js';
export { Carrier } from './http/carrier.js';
export { carrierOf } from './http/http-carrier.js';
export { requestInfo } from './http/raw-request.js';
export type { AnyRequest } from './http/raw-request.js';
export type { AnyReply, FastifyReplyLike } from './http/raw-reply.js';
export {
  getEventsToken,
  getJwtServiceToken,
  getTokenServiceToken,
  getTokenTransportToken,
  InjectJwtoEvents,
  InjectTokenService,
} from './module/injection.js';

export { UserProvider } from './users/user-provider.js';
export type { LoginCredentials, SignInUser } from './users/user-provider.js';
export { ClaimsProvider } from './users/claims-provider.js';
export type { ClaimsContext } from './users/claims-provider.js';

export { JwtoEvents } from './events/jwto-events.js';
export type { JwtoEventHandler } from './events/jwto-events.js';
export { JWTO_EVENTS } from './events/jwto-event.js';
export type { JwtoEvent, JwtoEventName, RequestInfo } from './events/jwto-event.js';
export { Clock } from './clock/clock.js';

export { JwtoConfigurationError } from './errors/configuration-error.js';
export type { SettingProblem } from './errors/configuration-error.js';
export { JwtoError } from './errors/jwto-error.js';
export type { JwtoErrorCode } from './errors/error-table.js';
export type { JwtoErrorBody, JwtoErrorDetails } from './errors/jwto-error.js';

export { jwtoEntities, jwtoMigrations } from './typeorm/tables.js';
export { JwtoBlocklistEntry } from './typeorm/blocklist-entry.entity.js';
export type { BlocklistKind } from './typeorm/blocklist-entry.entity.js';
export { CreateJwtoBlocklist1764000000001 } from './typeorm/blocklist.migration.js';
export { JwtoSession } from './typeorm/session.entity.js';
export { CreateJwtoSession1764000000000 } from './typeorm/session.migration.js';

export { JwtoStore } from './store/jwto-store.js';
export { SessionStore } from './store/session-store.js';
export type { LostRotation, Moment, NewSession, Session, SessionExtension, SessionRotation } from './store/session.js';
export { RevocationStore } from './store/revocation-store.js';
export type { NewRevocation, Revocation, RevocationKind, RevocationQuestion } from './store/revocation-store.js';
export { StoreClock } from './store/store-clock.js';
export { NoWakeUp, WakeUp } from './store/wake-up.js';
export { storedId } from './store/stored-id.js';
export { MemoryStore } from './memory/memory-store.js';
