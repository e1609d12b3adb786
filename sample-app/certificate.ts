import { createPrivateKey, createPublicKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { readOrMake } from './kept-file.js';

/** What a TLS server needs, as PEM text. */
export interface TlsFiles {
  readonly key: string;
  readonly cert: string;
}

const PRIVATE_PEM = { type: 'pkcs8', format: 'pem' } as const;
const PUBLIC_PEM = { type: 'spki', format: 'pem' } as const;
const DAY = 24 * 60 * 60 * 1000;

/**
 * The certificate of this machine's sample, made at the first start. It is its own certificate authority, so that a
 * client trusts the server by trusting `cert.pem`: `curl --cacert`, `REQUESTS_CA_BUNDLE`, `NODE_EXTRA_CA_CERTS`.
 */
export async function loadCertificate(dataDir: string): Promise<TlsFiles> {
  const key = await readOrMake({
    path: join(dataDir, 'key.pem'),
    mode: 0o600,
    make: () => String(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export(PRIVATE_PEM)),
  });
  const cert = await readOrMake({
    path: join(dataDir, 'cert.pem'),
    mode: 0o644,
    make: () => issue(key),
    isGood: (found) => isUsable(found, key),
  });
  return { key, cert };
}

async function issue(key: string): Promise<string> {
  const publicKey = String(createPublicKey(key).export(PUBLIC_PEM));
  const { cert } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyPair: { privateKey: key, publicKey },
    keyType: 'ec',
    algorithm: 'sha256',
    // Clocks of containers and their hosts may differ a little.
    notBeforeDate: new Date(Date.now() - DAY),
    notAfterDate: new Date(Date.now() + 365 * DAY),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', digitalSignature: true, keyCertSign: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
        ],
      },
    ],
  });
  return cert;
}

/** Not for another key, and not for the next day only. */
function isUsable(pem: string, key: string): boolean {
  try {
    const certificate = new X509Certificate(pem);
    return certificate.checkPrivateKey(createPrivateKey(key)) && Date.parse(certificate.validTo) > Date.now() + DAY;
  } catch {
    return false;
  }
}
