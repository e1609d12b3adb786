export { createJwtoClient } from './client.js';
export { JwtoClientError, type JwtoClientErrorCode, type JwtoClientErrorDetails } from './errors.js';
export type { JwtoClientOptions } from './options.js';
export type {
  ClientCredentials,
  ClientMode,
  ClientSession,
  JwtoClient,
  SessionChange,
  SessionClaims,
  SessionListener,
  TabsEnvironment,
  TokenStorage,
} from './types.js';
