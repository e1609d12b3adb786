import { createPublicKey, hkdfSync, type KeyObject } from 'node:crypto';
import type { SettingProblem } from '../errors/configuration-error.js';
import { describe, nameOf } from '../options/option-rules.js';
import type { JwtoOptions, KeyInput } from '../options/jwto-options.js';
import { specOf } from './algorithms.js';
import { KeyRing } from './key-ring.js';
import type { JwtoKey } from './jwto-key.js';
import { BadKey, parseKey } from './parse-key.js';
import { isSignatureOf, signBytes } from './signature.js';

/** The keys of a module instance, or what is wrong with them. */
export interface LoadedKeys {
  ring: KeyRing;
  key: JwtoKey;
  /** Signs CSRF tokens; absent only where no cookie mode needs it. */
  csrfSecret: Buffer | undefined;
  /** What to warn of at start. */
  warnings: string[];
}

/**
 * Parses and checks the keys: they exist, fit the algorithm, are long enough, and the pair signs and verifies.
 *
 * @returns the keys, or the problems that stop the start
 */
export function loadKeys(options: JwtoOptions): LoadedKeys | SettingProblem[] {
  const algorithm = options.algorithm ?? 'HS256';
  const { family } = specOf(algorithm);
  const enforceMinimumKeyLength = options.enforceMinimumKeyLength ?? true;
  const problems: SettingProblem[] = [];
  const refuse = (setting: 'signingKey' | 'verifyingKey' | 'csrfSecret', accepts: string): void => {
    const value = options[setting];
    problems.push({
      setting: nameOf(options, setting),
      got: value === undefined ? 'nothing' : describe(setting, value),
      accepts,
    });
  };
  const parse = (setting: 'signingKey' | 'verifyingKey', use: 'sign' | 'verify'): KeyObject | undefined => {
    const input: KeyInput | undefined = options[setting];
    if (input === undefined) return undefined;
    try {
      return parseKey(input, { algorithm, use, enforceMinimumKeyLength });
    } catch (error) {
      refuse(setting, error instanceof BadKey ? error.message : `it cannot be read as a key for ${algorithm}`);
      return undefined;
    }
  };

  if (options.signingKey === undefined && (family === 'hmac' || options.verifyingKey === undefined)) {
    refuse(
      'signingKey',
      family === 'hmac'
        ? `${algorithm} needs a secret`
        : `${algorithm} needs a private key, or a verifyingKey to verify only`,
    );
  }
  if (family === 'hmac' && options.verifyingKey !== undefined) {
    refuse('verifyingKey', `${algorithm} verifies with signingKey: leave it out, or choose an asymmetric algorithm`);
    return problems;
  }
  const signing = parse('signingKey', 'sign');
  const given = parse('verifyingKey', 'verify');
  const verifying = given ?? (signing && (family === 'hmac' ? signing : createPublicKey(signing)));
  if (problems.length > 0 || verifying === undefined) return problems;

  const key: JwtoKey = { algorithm, verifying, signing };
  if (signing !== undefined && !pairWorks(key))
    refuse('verifyingKey', 'it does not belong to signingKey: leave it out, and it is derived');
  const csrfSecret = deriveCsrfSecret(options, signing);
  const modes = [options.mode ?? 'JSON'].flat();
  if (csrfSecret === undefined && options.csrf !== false && modes.some((mode) => mode !== 'JSON')) {
    refuse('csrfSecret', 'cookie modes without a signingKey need the csrfSecret of the processes that issue');
  }
  if (problems.length > 0) return problems;
  return {
    ring: new KeyRing(key),
    key,
    csrfSecret,
    warnings: enforceMinimumKeyLength ? [] : weaknesses(options, algorithm),
  };
}

function pairWorks(key: JwtoKey): boolean {
  const probe = 'jwto.self-test';
  try {
    return isSignatureOf(key, probe, signBytes(key, probe));
  } catch {
    return false;
  }
}

/** HKDF (RFC 5869) with a purpose of its own, so that a CSRF token never tells anything of the signing key. */
function deriveCsrfSecret(options: JwtoOptions, signing: KeyObject | undefined): Buffer | undefined {
  if (options.csrfSecret !== undefined) return Buffer.from(options.csrfSecret as Uint8Array);
  if (signing === undefined) return undefined;
  const material = signing.type === 'secret' ? signing.export() : signing.export({ type: 'pkcs8', format: 'der' });
  return Buffer.from(hkdfSync('sha256', material, '', 'jwto csrf token', 32));
}

function weaknesses(options: JwtoOptions, algorithm: JwtoKey['algorithm']): string[] {
  const input = options.signingKey ?? options.verifyingKey;
  if (input === undefined) return [];
  try {
    parseKey(input, {
      algorithm,
      use: options.signingKey === undefined ? 'verify' : 'sign',
      enforceMinimumKeyLength: true,
    });
    return [];
  } catch (error) {
    return [`enforceMinimumKeyLength is false and the key is weak: ${(error as Error).message}. Tokens can be forged.`];
  }
}
