import { Scope, type Abstract, type Provider, type Type } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { Hooks } from '../hooks/hooks.js';
import { KeyBounds } from '../revocation/key-bounds.js';
import { Revoker } from '../revocation/revoker.js';
import { OwnSessions } from '../sign-in/own-sessions.js';
import { Refresh } from '../sign-in/refresh.js';
import { RefreshAcceptance } from '../sign-in/refresh-acceptance.js';
import { SessionLimit } from '../sign-in/session-limit.js';
import { Settlements } from '../sign-in/settlements.js';
import { SignIn } from '../sign-in/sign-in.js';
import { TokenFactory } from '../sign-in/token-factory.js';
import { Verification } from '../sign-in/verification.js';
import type { ClaimsProvider } from '../users/claims-provider.js';
import { UserDirectory } from '../users/user-directory.js';
import type { UserProvider } from '../users/user-provider.js';
import type { ApplicationTokens } from './application-tokens.js';
import { part } from './part.js';

/** Sign-ins, refreshes and their ends, and the users that they are of. */
export function signInProviders({ users, claims }: ApplicationTokens): Provider[] {
  return [
    part(
      UserDirectory,
      { hooks: Hooks, modules: ModuleRef },
      ({ hooks, modules }) =>
        new UserDirectory(hooks, {
          claims: lazily<ClaimsProvider>(modules, claims),
          users: users === undefined ? undefined : lazily<UserProvider>(modules, users),
        }),
    ),
    KeyBounds,
    TokenFactory,
    Revoker,
    Settlements,
    SessionLimit,
    SignIn,
    RefreshAcceptance,
    Refresh,
    Verification,
    OwnSessions,
  ];
}

/** A class of the application's, once the graph stands. */
function lazily<T>(modules: ModuleRef, token: string | Abstract<T>): () => Promise<T> {
  let found: Promise<T> | undefined;
  const find = (): Promise<T> =>
    modules.introspect(token as Type<T>).scope === Scope.TRANSIENT
      ? modules.resolve<T>(token)
      : Promise.resolve(modules.get<T>(token));
  return () => (found ??= find());
}
