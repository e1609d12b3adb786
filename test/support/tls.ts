import { generateKeyPairSync } from 'node:crypto';
import { generate } from 'selfsigned';

/** What a TLS server needs, as PEM text; a client trusts it by `cert`. */
export interface TlsPair {
  readonly key: string;
  readonly cert: string;
}

/** A certificate for these hosts, which is its own authority. */
export async function certificateFor(...hosts: readonly string[]): Promise<TlsPair> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const key = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const { cert } = await generate([{ name: 'commonName', value: hosts[0] ?? 'localhost' }], {
    keyPair: { privateKey: key, publicKey: String(publicKey.export({ type: 'spki', format: 'pem' })) },
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: new Date(Date.now() - 86_400_000),
    notAfterDate: new Date(Date.now() + 86_400_000),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: hosts.map((value) => ({ type: 2 as const, value })) },
    ],
  });
  return { key, cert };
}
