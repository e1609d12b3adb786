import { createSecretKey, type KeyObject } from 'node:crypto';
import { Logger } from '@nestjs/common';
import { JwtoConfigurationError, type SettingProblem } from '../errors/configuration-error.js';
import { refuseSharedPaths } from '../endpoints/route-plan.js';
import type { JwtoModuleExtras } from './module-options.js';
import type { JwtoKey } from '../keys/jwto-key.js';
import { readKeys } from '../keys/key-feed.js';
import { loadRing, loadSingleKey, weaknesses } from '../keys/load-keys.js';
import { checkOptions, readOptions } from '../options/option-rules.js';
import { describe, nameOf } from '../options/setting-in-message.js';
import type { JwtoOptions } from '../options/jwto-options.js';
import type { RingKey } from '../options/key-options.js';
import { unwrittenClaims } from '../options/unwritten-claims.js';
import { SETTINGS } from '../options/setting-table.js';
import { resolveOptions, type ResolvedOptions } from '../options/resolve-options.js';

/** Everything that was set, checked and complete. */
export interface Settings {
  readonly options: ResolvedOptions;
  readonly keys: readonly JwtoKey[];
  /** Gives the keys anew, where a function gives them. */
  readonly readKeys: (() => Promise<readonly JwtoKey[]>) | undefined;
  /** Whether there was a key that signs; without one there is no login and no refresh. */
  readonly issues: boolean;
  readonly enforceMinimumKeyLength: boolean;
  /** Signs CSRF tokens; absent where the keys' own secrets do. */
  readonly csrfSecret: KeyObject | undefined;
}

/** By what the keys are read; where it is wrong, they are not looked at. */
const KEY_SETTINGS = ['algorithm', 'signingKey', 'verifyingKey', 'keys', 'enforceMinimumKeyLength'];

/**
 * Reads and checks the settings and parses the keys; what to warn of is logged.
 *
 * @param given - the settings, whatever they are
 * @throws JwtoConfigurationError naming everything that is wrong
 */
export async function readSettings(
  given: unknown,
  extras: JwtoModuleExtras,
  unknownNames: readonly string[],
): Promise<Settings> {
  if (typeof given !== 'object' || given === null)
    throw new JwtoConfigurationError('the options factory returned no options');
  const options = readOptions(given);
  const enforceMinimumKeyLength = options.enforceMinimumKeyLength ?? SETTINGS.enforceMinimumKeyLength.default;
  const problems = [...checkOptions(options, refuseSharedPaths), ...checkExtras(extras, unknownNames)];
  const keys = await loadKeys(options, problems);
  const issues = keys.length === 0 ? isToIssue(options) : keys.some(({ signing }) => signing !== undefined);
  const wrong = new Set(problems.map(({ setting }) => setting));
  problems.push(...checkWithKeys(options, extras, keys, issues).filter(({ setting }) => !wrong.has(setting)));
  if (problems.length > 0) throw new JwtoConfigurationError(problems);

  const resolved = resolveOptions(options, { issues, named: extras.name !== undefined });
  for (const warning of warnings(options, resolved, keys)) new Logger('Jwto').warn(warning);
  const { keys: source, csrfSecret } = options;
  return {
    options: resolved,
    keys,
    issues,
    readKeys: typeof source === 'function' ? () => readKeys(source, enforceMinimumKeyLength) : undefined,
    enforceMinimumKeyLength,
    csrfSecret: csrfSecret === undefined ? undefined : createSecretKey(Buffer.from(csrfSecret as Uint8Array)),
  };
}

function checkExtras({ name }: JwtoModuleExtras, unknownNames: readonly string[]): SettingProblem[] {
  const problems: SettingProblem[] = unknownNames.map((setting) => ({
    setting,
    got: 'a value',
    accepts: 'there is no such setting here; settings come from the factory',
  }));
  if (name !== undefined && !/^[a-z][a-z0-9-]{0,31}$/i.test(name)) {
    problems.push({
      setting: 'name',
      got: describe('name', name),
      accepts: 'accepts letters, digits and "-", from a letter on',
    });
  }
  return problems;
}

/** The keys, or none if they or what they are read by are wrong; then there are more problems. */
async function loadKeys(options: JwtoOptions, problems: SettingProblem[]): Promise<readonly JwtoKey[]> {
  const isWrong = ({ setting }: SettingProblem): boolean =>
    KEY_SETTINGS.some((name) => setting === name || setting.startsWith(`${name} `));
  if (problems.some(isWrong)) return [];
  const enforceMinimumKeyLength = options.enforceMinimumKeyLength ?? SETTINGS.enforceMinimumKeyLength.default;
  if (typeof options.keys === 'function') {
    try {
      return await readKeys(options.keys, enforceMinimumKeyLength);
    } catch (error) {
      if (!(error instanceof JwtoConfigurationError) || error.problems.length === 0) throw error;
      problems.push(...error.problems);
      return [];
    }
  }
  const loaded = options.keys === undefined ? loadSingleKey(options) : loadRing(options.keys, enforceMinimumKeyLength);
  if ('keys' in loaded) return loaded.keys;
  problems.push(...loaded.problems);
  return [];
}

/** Whether keys that could not be read were meant to sign; what a process that issues needs can be named all the same. */
function isToIssue({ signingKey, keys }: JwtoOptions): boolean {
  const entries: unknown[] = Array.isArray(keys) ? keys : [];
  return signingKey !== undefined || entries.some((entry) => (entry as RingKey | null)?.signingKey !== undefined);
}

/** What is wrong with other settings, given these keys; of the keys themselves, nothing where there are none. */
function checkWithKeys(
  options: JwtoOptions,
  { users, claims }: JwtoModuleExtras,
  keys: readonly JwtoKey[],
  issues: boolean,
): SettingProblem[] {
  const problems: SettingProblem[] = [];
  if (users === undefined && issues) {
    problems.push({ setting: 'users', got: 'nothing', accepts: 'give a class that extends UserProvider' });
  }
  const { iss, aud, acceptedIssuers, acceptedAudiences, checks } = options;
  if (issues && acceptedIssuers !== undefined && iss === undefined && checks?.iss !== false) {
    problems.push({ setting: 'iss', got: 'nothing', accepts: 'acceptedIssuers makes it required: say what to write' });
  }
  if (issues && acceptedAudiences !== undefined && aud === undefined && checks?.aud !== false) {
    problems.push({
      setting: 'aud',
      got: 'nothing',
      accepts: 'acceptedAudiences makes it required: say what to write',
    });
  }
  const unwritten = issues ? unwrittenClaims(options, { hasClaimsProvider: claims !== undefined }) : [];
  if (unwritten.length > 0) {
    problems.push({
      setting: nameOf(options, 'requiredClaims'),
      got: `what no token of ours would have, in place ${unwritten.map((index) => String(index + 1)).join(', ')}`,
      accepts: 'claims that the settings, or a ClaimsProvider in claims, write into access and refresh tokens',
    });
  }
  const withCookies = [options.mode].flat().some((mode) => mode === 'ONE-COOKIE' || mode === 'TWO-COOKIES');
  const hasSecret = options.csrfSecret !== undefined || keys.some(({ csrfSecret }) => csrfSecret !== undefined);
  if (keys.length > 0 && withCookies && options.csrf !== false && !hasSecret) {
    problems.push({
      setting: nameOf(options, 'csrfSecret'),
      got: 'nothing',
      accepts: 'cookie modes without a signingKey need the csrfSecret of the processes that issue',
    });
  }
  return problems;
}

function warnings(
  options: JwtoOptions,
  { checks, modes, csrf, hints }: ResolvedOptions,
  keys: readonly JwtoKey[],
): string[] {
  const found = options.enforceMinimumKeyLength === false ? weaknesses(keys) : [];
  if (options.secureCookies === false)
    found.push('secureCookies is false: cookies travel over plain http, for development only');
  if (hints && process.env['NODE_ENV'] === 'production')
    found.push('hints is true: refusals tell every client what the application sees of its request, for development');
  if (!checks.exp)
    found.push('checks.exp is false: tokens never end, and a revoked one works again once its entry is purged');
  const rotates = options.keys !== undefined && keys.some(({ verifying }) => verifying.type !== 'secret');
  if (rotates && csrf !== false && options.csrfSecret === undefined && modes.some((mode) => mode !== 'JSON')) {
    found.push(
      'keys has asymmetric keys and csrfSecret is not set: CSRF tokens that were signed with a private key are refused ' +
        'by a process that knows only its public key. Set csrfSecret.',
    );
  }
  return found;
}
