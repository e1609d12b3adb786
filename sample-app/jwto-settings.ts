import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { jwtoOptionsFromEnv, type JwtoOptions } from 'jwto';
import { readOrMake } from './kept-file.js';
import type { SampleOptions } from './sample-options.js';

/**
 * The settings of jwto: what the environment says, and what lets the sample start where it says nothing. A real
 * application would stop without a signing key; this one makes itself a secret, and keeps it, so that sign-ins outlive
 * a restart.
 */
export async function readJwtoSettings(
  environment: Readonly<Record<string, string | undefined>>,
  { dataDir, https }: SampleOptions,
): Promise<JwtoOptions> {
  const settings = jwtoOptionsFromEnv(environment);
  return {
    ...settings,
    signingKey: settings.signingKey ?? (needsSecret(settings) ? await keptSecret(dataDir) : undefined),
    secureCookies: settings.secureCookies ?? https,
  };
}

/** A secret serves the HMAC algorithms only; what the others lack, and what is no algorithm, the library tells. */
function needsSecret({ algorithm = 'HS256' }: JwtoOptions): boolean {
  return /^HS\d+$/.test(algorithm);
}

function keptSecret(dataDir: string): Promise<string> {
  return readOrMake({
    path: join(dataDir, 'signing-key'),
    mode: 0o600,
    // Long enough for HS512.
    make: () => randomBytes(64).toString('base64url'),
  });
}
