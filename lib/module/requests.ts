import type { Provider } from '@nestjs/common';
import { HttpAdapterHost } from '@nestjs/core';
import { Authenticator } from '../authentication/authenticator.js';
import { RequestCsrf } from '../authentication/request-csrf.js';
import { Clock } from '../clock/clock.js';
import { Timekeeper } from '../clock/timekeeper.js';
import { COOKIE_NAMES, type CookieNames, cookieNames } from '../credentials/cookie-names.js';
import { CookieWriter } from '../credentials/cookie-writer.js';
import { CredentialReader } from '../credentials/credential-reader.js';
import { TRANSPORT } from '../credentials/token-transport.js';
import { RefreshPath } from '../credentials/refresh-path.js';
import { Refusals } from '../credentials/refusal.js';
import { CsrfCheck } from '../csrf/csrf-check.js';
import { CsrfHints } from '../csrf/csrf-hints.js';
import { CsrfSource } from '../csrf/csrf-source.js';
import { CsrfTokens } from '../csrf/csrf-tokens.js';
import { DjangoTokens } from '../csrf/django-tokens.js';
import { HintLog } from '../csrf/hint-log.js';
import { OriginCheck } from '../csrf/origin-check.js';
import { Endpoints } from '../endpoints/endpoints.js';
import { OwnSignInRoute } from '../endpoints/own-sign-in-route.js';
import { EVENTS } from '../events/jwto-events.js';
import { KeyRing } from '../keys/key-ring.js';
import { INSTANCE_NAME, OPTIONS } from '../options/injection-keys.js';
import { Revoker } from '../revocation/revoker.js';
import { SessionStore } from '../store/session-store.js';
import { OwnSessions } from '../sign-in/own-sessions.js';
import { OwnSignIn } from '../sign-in/own-sign-in.js';
import { SignIn } from '../sign-in/sign-in.js';
import { TokenAuthority } from '../sign-in/token-authority.js';
import { TOKENS } from '../sign-in/token-service.js';
import { DeliveryLimits } from '../tokens/issued-tokens.js';
import { TokenVerifier } from '../tokens/token-verifier.js';
import { part, SETTINGS } from './part.js';
import type { Settings } from './settings.js';

/** How tokens travel, and what becomes of a request that carries one. */
export const requestProviders: readonly Provider[] = [
  part(COOKIE_NAMES, { name: INSTANCE_NAME, options: OPTIONS }, ({ name, options }) => cookieNames(name, options)),
  CookieWriter,
  { provide: DeliveryLimits, useExisting: CookieWriter },
  RefreshPath,
  Refusals,
  part(HintLog, { options: OPTIONS, clock: Clock }, ({ options, clock }) =>
    options.hints ? new HintLog(clock) : undefined,
  ),
  part(CsrfCheck, { settings: SETTINGS, names: COOKIE_NAMES, keys: KeyRing, hintLog: [HintLog] }, csrfCheckOf),
  part(
    CredentialReader,
    { options: OPTIONS, names: COOKIE_NAMES, hintLog: [HintLog] },
    ({ options, names, hintLog }) => new CredentialReader(options, names, hintLog),
  ),
  part(RequestCsrf, { check: [CsrfCheck], events: EVENTS }, ({ check, events }) => new RequestCsrf(check, events)),
  part(
    OwnSignIn,
    { options: OPTIONS, reader: CredentialReader, verifier: TokenVerifier, csrf: RequestCsrf, transport: TRANSPORT },
    (parts) => new OwnSignInRoute(parts),
  ),
  TokenAuthority,
  part(
    Authenticator,
    { reader: CredentialReader, csrf: RequestCsrf, tokens: TokenAuthority, keys: KeyRing },
    (parts) => new Authenticator(parts),
  ),
  part(
    Endpoints,
    {
      adapterHost: HttpAdapterHost,
      refusals: Refusals,
      options: OPTIONS,
      events: EVENTS,
      reader: CredentialReader,
      authenticator: Authenticator,
      csrf: RequestCsrf,
      keys: KeyRing,
      clock: Clock,
      timekeeper: Timekeeper,
      verifier: TokenVerifier,
      tokens: TOKENS,
      signIn: SignIn,
      revoker: Revoker,
      sessions: SessionStore,
      ownSessions: OwnSessions,
      transport: TRANSPORT,
    },
    ({ adapterHost, refusals, ...parts }) => new Endpoints(parts, refusals, adapterHost),
  ),
];

function csrfCheckOf({
  settings: { options, csrfSecret },
  names,
  keys,
  hintLog,
}: {
  settings: Settings;
  names: CookieNames;
  keys: KeyRing;
  hintLog: HintLog | undefined;
}): CsrfCheck | undefined {
  const { csrf, modes, endpoints, trustedOrigins } = options;
  if (csrf === false || modes.every((mode) => mode === 'JSON')) return undefined;
  const secrets = csrfSecret === undefined ? () => keys.csrfSecrets() : () => [csrfSecret];
  const tokens = csrf === 'django' ? new DjangoTokens(secrets) : new CsrfTokens(secrets);
  const source = new CsrfSource(names.csrf, csrf === 'django');
  const hints = hintLog && new CsrfHints(options, tokens, source, hintLog);
  return new CsrfCheck({
    origins: new OriginCheck(trustedOrigins, hints),
    tokens,
    source,
    renewal: endpoints.csrf === false ? 'Sign in again to get one.' : 'GET the csrf endpoint, or sign in, to get one.',
    hints,
  });
}
