import type { HttpAdapterHost } from '@nestjs/core';
import type { JwtService } from '@nestjs/jwt';
import type { DataSource } from 'typeorm';
import { JwtoBlocklistEntry } from '../typeorm/blocklist-entry.entity.js';
import { BlocklistRepository } from '../revocation/blocklist.repository.js';
import type { Clock } from '../clock/clock.js';
import { CsrfCheck } from '../csrf/csrf-check.js';
import { CsrfHints } from '../csrf/csrf-hints.js';
import { CsrfSource } from '../csrf/csrf-source.js';
import { CsrfTokens } from '../csrf/csrf-tokens.js';
import { DjangoTokens } from '../csrf/django-tokens.js';
import { HintLog } from '../csrf/hint-log.js';
import { OriginCheck } from '../csrf/origin-check.js';
import { Endpoints } from '../endpoints/endpoints.js';
import type { EndpointParts } from '../endpoints/exchange.js';
import { OwnSignInRoute } from '../endpoints/login.js';
import { JwtoConfigurationError } from '../errors/configuration-error.js';
import type { JwtoEvents } from '../events/jwto-events.js';
import { Authenticator } from '../authentication/authenticator.js';
import { RequestCsrf } from '../authentication/request-csrf.js';
import { DEFAULT_INSTANCE, type JwtoInstance } from '../authentication/instance.js';
import type { Hooks } from '../hooks/hooks.js';
import type { Settings } from './settings.js';
import { AcceptedTokens } from '../issuers/accepted-tokens.js';
import { RemoteIssuer } from '../issuers/remote-issuer.js';
import { KeyFeed } from '../keys/key-feed.js';
import { KeyRing } from '../keys/key-ring.js';
import { ResolvedKeys } from '../keys/resolved-keys.js';
import { JwtoSession } from '../typeorm/session.entity.js';
import { RotationRepository } from '../sessions/rotation.repository.js';
import { SessionRepository } from '../sessions/session.repository.js';
import { KeyBounds } from '../revocation/key-bounds.js';
import { OwnSessions } from '../sign-in/own-sessions.js';
import { Purger } from '../revocation/purger.js';
import { Refresh } from '../sign-in/refresh.js';
import { RefreshAcceptance } from '../sign-in/refresh-acceptance.js';
import { DatabaseRevocationCheck, NoRevocationCheck, type RevocationCheck } from '../revocation/revocation-check.js';
import { RevocationFeed } from '../revocation/revocation-feed.js';
import { RevocationReplica } from '../revocation/revocation-replica.js';
import type { ResolvedOptions } from '../options/resolve-options.js';
import { Revoker } from '../revocation/revoker.js';
import { SessionLimit } from '../sign-in/session-limit.js';
import { Settlements } from '../sign-in/settlements.js';
import { SignIn } from '../sign-in/sign-in.js';
import { TokenFactory } from '../sign-in/token-factory.js';
import { TokenService } from '../sign-in/token-service.js';
import { DatabaseClock } from '../store/database-clock.js';
import { PrimaryStore } from '../store/primary-store.js';
import { assertSchema } from '../typeorm/schema-check.js';
import { WakeUp } from '../store/wake-up.js';
import { createJwtService } from '../tokens/jwt-service.js';
import { TokenSigner } from '../tokens/token-signer.js';
import { TokenVerifier } from '../tokens/token-verifier.js';
import type { JwtoClaims } from '../tokens/claims.js';
import type { OpenedForeignClaims } from '../tokens/foreign-claims.js';
import { sessionIds } from '../tokens/session-id.js';
import { VerifiedTokens } from '../tokens/verified-tokens.js';
import { cookieNames } from '../credentials/cookie-names.js';
import { CookieWriter } from '../credentials/cookie-writer.js';
import { CredentialReader } from '../credentials/credential-reader.js';
import { RefreshPath } from '../credentials/refresh-path.js';
import { Refusals } from '../credentials/refusal.js';
import { TokenTransport } from '../credentials/token-transport.js';
import type { UserDirectory } from '../users/user-directory.js';

/** What a module instance is made from. */
export interface WiringSources {
  name: string;
  settings: Settings;
  dataSource: DataSource;
  clock: Clock;
  events: JwtoEvents;
  users: UserDirectory;
  hooks: Hooks;
  adapterHost: HttpAdapterHost;
}

/** The parts of a module instance that the module provides, or needs itself. */
export interface Wiring {
  readonly instance: JwtoInstance;
  readonly settings: Settings;
  readonly tokens: TokenService;
  readonly transport: TokenTransport;
  readonly endpoints: Endpoints;
  readonly jwt: JwtService;
  readonly purger: Purger;
  readonly keys: KeyRing;
  /** Where a function gives the keys. */
  readonly keyFeed: KeyFeed | undefined;
  /** Where guards ask a copy in memory. */
  readonly replica: RevocationReplica | undefined;
  readonly refreshPath: RefreshPath;
  readonly databaseClock: DatabaseClock;
  readonly settlements: Settlements;
}

/**
 * Makes the parts of a module instance and joins them, from the lowest room up. Plain constructors rather than
 * injection: instances of one application share nothing, and the compiler sees every dependency.
 *
 * @throws JwtoConfigurationError if the database does not fit
 */
export async function wire({
  name,
  settings,
  dataSource,
  clock,
  events,
  users,
  hooks,
  adapterHost,
}: WiringSources): Promise<Wiring> {
  const { options, enforceMinimumKeyLength } = settings;
  await assertSchema(dataSource, [JwtoSession, JwtoBlocklistEntry]);
  const store = new PrimaryStore(dataSource);
  const databaseClock = new DatabaseClock(store, clock);
  await databaseClock.synchronize();

  const ids = sessionIds(name === DEFAULT_INSTANCE ? undefined : name);
  const keys = new KeyRing(settings.keys, clock);
  if (keys.isSpent) {
    throw new JwtoConfigurationError('all keys in `keys` have expired: add one whose `expiresAt` is to come');
  }
  const keyFeed = settings.readKeys && new KeyFeed(keys, settings.readKeys, options.keyPollInterval);
  const resolved = options.resolveKey && new ResolvedKeys(options.resolveKey, enforceMinimumKeyLength, clock, hooks);
  const jwt = createJwtService(keys);
  const signer = new TokenSigner({ keys, resolved, jwt, headerType: options.headerType, issues: settings.issues });
  const cache = options.tokenCache && new VerifiedTokens<JwtoClaims>(options.tokenCache);
  const verifier = new TokenVerifier({
    keys,
    resolved,
    rules: { ...options, isOwnSession: ids.isOwn },
    clock,
    timekeeper: databaseClock,
    cache,
  });
  const remote = {
    clock,
    timekeeper: databaseClock,
    leeway: options.leeway,
    cache: options.tokenCache && new VerifiedTokens<OpenedForeignClaims>(options.tokenCache),
    hooks,
  };
  const accepted = new AcceptedTokens(
    verifier,
    new Map(options.issuers.map((issuer) => [issuer.issuer, new RemoteIssuer(issuer, remote)])),
  );
  const blocklist = new BlocklistRepository(store, name);
  await blocklist.assertAffectedIsReported();
  const sessions = new SessionRepository(store, name, options);

  const replica =
    options.blocklistCheck === 'replica'
      ? new RevocationReplica({
          options,
          store,
          feed: new RevocationFeed(store, name),
          clock,
          databaseClock,
          wakeUp: new WakeUp(store),
        })
      : undefined;
  await replica?.load();
  const revocations = replica ?? revocationCheckOf(options, store, blocklist);

  const names = cookieNames(name, options);
  const writer = new CookieWriter(options, names, clock);
  const factory = new TokenFactory(options, users, signer, writer);
  const bounds = new KeyBounds(options.resolveKey, sessions);
  const revoker = new Revoker(sessions, blocklist, events, clock, options, revocations, bounds);
  const rotations = new RotationRepository(store, name, options);
  const settlements = new Settlements(sessions, rotations, options);
  const limit = new SessionLimit(options, clock, sessions, revoker);
  const signIn = new SignIn({
    options,
    clock,
    users,
    factory,
    sessions,
    blocklist,
    revoker,
    limit,
    settlements,
    events,
    ids,
  });
  const acceptance = new RefreshAcceptance(options, clock, sessions, revoker, settlements, store);
  const refresh = new Refresh(options, users, factory, rotations, acceptance, revoker, settlements, events);
  const purger = new Purger(store, clock, databaseClock, blocklist, name);
  const tokens = new TokenService({
    options,
    clock,
    timekeeper: databaseClock,
    keys,
    verifier,
    accepted,
    keyFeed,
    signIn,
    refresh,
    acceptance,
    revoker,
    revocations,
    sessions,
    purger,
    ownSignIn: () => new OwnSignInRoute(endpointParts),
  });

  const hintLog = options.hints ? new HintLog(clock) : undefined;
  const csrf = csrfCheckOf(settings, keys, new CsrfSource(names.csrf, options.csrf === 'django'), hintLog);
  const refreshPath = new RefreshPath(options);
  const reader = new CredentialReader(options, names, hintLog);
  const transport = new TokenTransport({ options, names, writer, csrf, refreshPath });
  const refusals = new Refusals(options);
  const requestCsrf = new RequestCsrf(csrf, events);
  const authenticator = new Authenticator({ reader, csrf: requestCsrf, verifier, accepted, tokens, keys });
  const endpointParts: EndpointParts = {
    options,
    events,
    reader,
    authenticator,
    csrf: requestCsrf,
    keys,
    clock,
    timekeeper: databaseClock,
    verifier,
    tokens,
    signIn,
    refresh,
    revoker,
    sessions,
    ownSessions: new OwnSessions(sessions, revoker, clock, databaseClock),
    transport,
  };
  const endpoints = new Endpoints(endpointParts, refusals, adapterHost);
  const instance: JwtoInstance = { name, options, authenticator, refusals };
  return {
    replica,
    keys,
    keyFeed,
    instance,
    settings,
    tokens,
    transport,
    endpoints,
    jwt,
    purger,
    refreshPath,
    databaseClock,
    settlements,
  };
}

function csrfCheckOf(
  { options, csrfSecret }: Settings,
  keys: KeyRing,
  source: CsrfSource,
  hintLog: HintLog | undefined,
): CsrfCheck | undefined {
  const { csrf, modes, endpoints, trustedOrigins } = options;
  if (csrf === false || modes.every((mode) => mode === 'JSON')) return undefined;
  const secrets = csrfSecret === undefined ? () => keys.csrfSecrets() : () => [csrfSecret];
  const tokens = csrf === 'django' ? new DjangoTokens(secrets) : new CsrfTokens(secrets);
  const hints = hintLog && new CsrfHints(options, tokens, source, hintLog);
  return new CsrfCheck({
    origins: new OriginCheck(trustedOrigins, hints),
    tokens,
    source,
    renewal: endpoints.csrf === false ? 'Sign in again to get one.' : 'GET the csrf endpoint, or sign in, to get one.',
    hints,
  });
}

function revocationCheckOf(
  options: ResolvedOptions,
  store: PrimaryStore,
  blocklist: BlocklistRepository,
): RevocationCheck {
  return options.blocklistCheck === 'refresh' ? new NoRevocationCheck() : new DatabaseRevocationCheck(store, blocklist);
}
