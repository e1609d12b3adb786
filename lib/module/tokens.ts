import type { Provider } from '@nestjs/common';
import { Clock } from '../clock/clock.js';
import { Timekeeper } from '../clock/timekeeper.js';
import { Hooks } from '../hooks/hooks.js';
import { AcceptedTokens } from '../issuers/accepted-tokens.js';
import { RemoteIssuer } from '../issuers/remote-issuer.js';
import { KeyFeed } from '../keys/key-feed.js';
import { KeyRing } from '../keys/key-ring.js';
import { ResolvedKeys } from '../keys/resolved-keys.js';
import { INSTANCE_NAME, OPTIONS } from '../options/injection-keys.js';
import type { JwtoClaims } from '../tokens/claims.js';
import type { OpenedForeignClaims } from '../tokens/foreign-claims.js';
import { JWT } from '../tokens/jwt-service.js';
import { SESSION_IDS, sessionIds } from '../tokens/session-id.js';
import { TokenSigner } from '../tokens/token-signer.js';
import { TokenVerifier } from '../tokens/token-verifier.js';
import { VerifiedTokens } from '../tokens/verified-tokens.js';
import { DEFAULT_INSTANCE } from '../authentication/instance.js';
import { part, SETTINGS } from './part.js';

/** Keys, and the tokens that are made and verified with them. */
export const tokenProviders: readonly Provider[] = [
  part(KeyRing, { settings: SETTINGS, clock: Clock }, ({ settings, clock }) => new KeyRing(settings.keys, clock)),
  part(
    KeyFeed,
    { settings: SETTINGS, keys: KeyRing },
    ({ settings: { readKeys, options }, keys }) => readKeys && new KeyFeed(keys, readKeys, options.keyPollInterval),
  ),
  part(
    ResolvedKeys,
    { settings: SETTINGS, clock: Clock, hooks: Hooks },
    ({ settings: { options, enforceMinimumKeyLength }, clock, hooks }) =>
      options.resolveKey && new ResolvedKeys(options.resolveKey, enforceMinimumKeyLength, clock, hooks),
  ),
  part(SESSION_IDS, { name: INSTANCE_NAME }, ({ name }) => sessionIds(name === DEFAULT_INSTANCE ? undefined : name)),
  part(
    TokenSigner,
    { settings: SETTINGS, keys: KeyRing, resolved: [ResolvedKeys], jwt: JWT },
    ({ settings: { options, issues }, ...parts }) =>
      new TokenSigner({ ...parts, headerType: options.headerType, issues }),
  ),
  part(
    TokenVerifier,
    {
      options: OPTIONS,
      keys: KeyRing,
      resolved: [ResolvedKeys],
      ids: SESSION_IDS,
      clock: Clock,
      timekeeper: Timekeeper,
    },
    ({ options, ids, ...parts }) =>
      new TokenVerifier({
        ...parts,
        rules: { ...options, isOwnSession: ids.isOwn },
        cache: options.tokenCache && new VerifiedTokens<JwtoClaims>(options.tokenCache),
      }),
  ),
  part(
    AcceptedTokens,
    { options: OPTIONS, verifier: TokenVerifier, clock: Clock, timekeeper: Timekeeper, hooks: Hooks },
    ({ options: { leeway, tokenCache, issuers }, verifier, ...rest }) => {
      const cache = tokenCache && new VerifiedTokens<OpenedForeignClaims>(tokenCache);
      const parts = { ...rest, leeway, cache };
      return new AcceptedTokens(
        verifier,
        new Map(issuers.map((issuer) => [issuer.issuer, new RemoteIssuer(issuer, parts)])),
      );
    },
  ),
];
