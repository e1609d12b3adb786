import { createPrivateKey, createPublicKey } from 'node:crypto';

/** The function of node:crypto that reads some DER, and the type that it is given. */
export interface DerReader {
  readonly reads: 'createPrivateKey' | 'createPublicKey';
  readonly type: 'pkcs8' | 'sec1' | 'pkcs1' | 'spki';
  readonly isEncrypted: boolean;
}

/** How node:crypto reads the key that bytes of DER begin with; `undefined` if it reads none. */
export function readerOf(key: Buffer): DerReader | undefined {
  for (const type of ['pkcs8', 'sec1', 'pkcs1'] as const) {
    const error = errorOf(() => createPrivateKey({ key, format: 'der', type }));
    const isEncrypted = error?.code === 'ERR_MISSING_PASSPHRASE';
    if (error === undefined || isEncrypted) return { reads: 'createPrivateKey', type, isEncrypted };
  }
  for (const type of ['spki', 'pkcs1'] as const) {
    const error = errorOf(() => createPublicKey({ key, format: 'der', type }));
    if (error === undefined) return { reads: 'createPublicKey', type, isEncrypted: false };
  }
  return undefined;
}

function errorOf(read: () => unknown): NodeJS.ErrnoException | undefined {
  try {
    read();
    return undefined;
  } catch (error) {
    return error as NodeJS.ErrnoException;
  }
}
