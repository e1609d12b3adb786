import { createPublicKey } from 'node:crypto';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TrustedIssuer } from 'jwto';
import type { Members } from './forge.js';
import { jwkOf } from './keys.js';
import { signAs, type TestKey } from './rings.js';

/** What the application is called by its issuers. */
export const AUDIENCE = 'https://api.example';

/** Another issuer, with a JWK Set on loopback that tests change and count the fetches of. */
export class FakeIssuer {
  /** How often the JWK Set was fetched. */
  fetches = 0;
  /** Requests for anything else. */
  readonly strays: string[] = [];
  /** What is answered instead of the JWK Set. */
  answer: ((response: ServerResponse) => unknown) | undefined;
  /** The members of the JWK Set. */
  jwks: unknown[];

  private constructor(
    private readonly server: Server,
    private readonly key: TestKey,
  ) {
    this.jwks = [FakeIssuer.jwk(key)];
    server.on('request', (request, response) => {
      if (request.url !== '/jwks') {
        this.strays.push(request.url ?? '');
        response.end();
        return;
      }
      this.fetches++;
      if (this.answer !== undefined) return this.answer(response);
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify({ keys: this.jwks }));
    });
  }

  /** @param key - signs its tokens */
  static async start(key: TestKey): Promise<FakeIssuer> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new FakeIssuer(server, key);
  }

  /** The public part of a key as a member of the set. */
  static jwk({ kid, algorithm, signingKey }: TestKey): Members {
    return { ...jwkOf(createPublicKey(signingKey)), kid, alg: algorithm, use: 'sig' };
  }

  get url(): string {
    return `http://127.0.0.1:${String((this.server.address() as AddressInfo).port)}`;
  }

  /** The setting that trusts it. */
  trusted(more: Partial<TrustedIssuer> = {}): TrustedIssuer {
    const { algorithm } = this.key;
    return { issuer: this.url, audience: AUDIENCE, jwksUri: `${this.url}/jwks`, algorithms: [algorithm], ...more };
  }

  /** The claims of a good token. */
  claims(more: Members = {}): Members {
    const now = Math.floor(Date.now() / 1000);
    return { iss: this.url, sub: 'u-1', aud: AUDIENCE, iat: now, exp: now + 300, ...more };
  }

  /** Signs claims as it would. */
  token(more: Members = {}, header: Members = {}, { kid, algorithm, signingKey }: TestKey = this.key): string {
    return signAs(this.claims(more), { alg: algorithm, typ: 'at+jwt', kid, ...header }, signingKey, algorithm);
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
