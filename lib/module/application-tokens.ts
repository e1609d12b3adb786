import type { Abstract, InjectionToken } from '@nestjs/common';
import { DEFAULT_INSTANCE } from '../authentication/instance.js';
import { ClaimsProvider } from '../users/claims-provider.js';
import { UserProvider } from '../users/user-provider.js';
import type { JwtoModuleExtras, ProviderSource } from './module-options.js';

/** Under which tokens a module instance has the classes that the application gave it. */
export interface ApplicationTokens {
  readonly claims: string | Abstract<ClaimsProvider>;
  /** `undefined` where none were given, in a process that issues nothing. */
  readonly users: string | Abstract<UserProvider> | undefined;
}

/** The classes themselves for the instance without a name, so that a test overrides them; a named one has its own tokens. */
export function applicationTokens({
  name = DEFAULT_INSTANCE,
  users,
  claims,
}: Pick<JwtoModuleExtras, 'name' | 'users' | 'claims'>): ApplicationTokens {
  return {
    claims: name === DEFAULT_INSTANCE && !isAliasOf(ClaimsProvider, claims) ? ClaimsProvider : `jwto:claims:${name}`,
    users:
      users && (name === DEFAULT_INSTANCE && !isAliasOf(UserProvider, users) ? UserProvider : `jwto:users:${name}`),
  };
}

/** The application may have its own under this very token, which then is what a test overrides. */
function isAliasOf(token: InjectionToken, source: ProviderSource<unknown> | undefined): boolean {
  return typeof source === 'object' && 'useExisting' in source && source.useExisting === token;
}
