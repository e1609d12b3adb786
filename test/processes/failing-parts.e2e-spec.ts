import type { JwtService } from '@nestjs/jwt';
import { ClaimsProvider, getJwtServiceToken, JwtoSession } from 'jwto';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { claimsOf } from '../support/forge.js';
import type { Client } from '../support/client.js';
import { startApp, type TestApp } from '../support/test-app.js';

class Claims extends ClaimsProvider {
  failure: Error | undefined;
  added: Record<string, unknown> = {};

  override claims(): Record<string, unknown> {
    if (this.failure) throw this.failure;
    return this.added;
  }
}

/** A part that a refresh needs, how it fails and what is answered then. */
const PARTS: [string, (test: TestApp, claims: Claims) => void, number, string][] = [
  ['user provider', (test) => (test.users.failure = new Error('no directory')), 503, 'store_unavailable'],
  ['ClaimsProvider', (_test, claims) => (claims.failure = new Error('no claims')), 503, 'store_unavailable'],
  ['size of the cookies', (_test, claims) => (claims.added = { big: 'x'.repeat(5000) }), 422, 'token_too_large'],
];

describe.each(['refresh_access', 'update_refresh'])('%s while what it needs fails for a minute', (endpoint) => {
  let test: TestApp;
  let claims: Claims;
  let client: Client;
  beforeEach(async () => {
    claims = new Claims();
    test = await startApp({ options: { mode: 'ONE-COOKIE', claims: { useValue: claims } } });
    client = test.client();
    await client.login();
    test.takeEvents();
  });
  afterEach(async () => {
    vi.restoreAllMocks();
    await test.close();
  });

  const rows = (): Promise<JwtoSession[]> => test.dataSource.getRepository(JwtoSession).find();

  /** Refreshes for a minute, each time refused, and then with success, by the same token. */
  async function outlast(fail: () => void, recover: () => void, status: number, code: string): Promise<void> {
    const before = await rows();
    const token = client.cookie('jwt_refresh');
    fail();
    for (let second = 0; second < 60; second += 15) {
      const refused = await client.refresh(endpoint);
      expect([refused.status, refused.json.code]).toEqual([status, code]);
      expect(refused.cookies).toEqual([]);
      test.clock.advance(15);
    }
    expect(await rows()).toEqual(before);
    recover();
    expect(client.cookie('jwt_refresh')).toBe(token);
    expect((await client.refresh(endpoint)).status).toBe(200);
    expect(claimsOf(client.cookie('jwt_refresh'))['jti']).not.toBe(claimsOf(token)['jti']);
    expect(test.takeEvents()).toEqual([
      endpoint === 'refresh_access' ? 'jwto.access_refreshed' : 'jwto.refresh_updated',
    ]);
  }

  const recover = (): void => {
    test.users.failure = undefined;
    claims.failure = undefined;
    claims.added = {};
    vi.restoreAllMocks();
  };

  it.each(PARTS)('the %s: the same token refreshes afterwards', async (_name, fail, status, code) => {
    await outlast(
      () => {
        fail(test, claims);
      },
      recover,
      status,
      code,
    );
  });

  it('the signer: the same token refreshes afterwards', async () => {
    await outlast(
      () => {
        vi.spyOn(test.app.get<JwtService>(getJwtServiceToken()), 'sign').mockImplementation(() => {
          throw new Error('no signature');
        });
      },
      recover,
      503,
      'store_unavailable',
    );
  });

  it('each of them in turn, in one session', async () => {
    for (const [, fail, status, code] of PARTS) {
      await outlast(
        () => {
          fail(test, claims);
        },
        recover,
        status,
        code,
      );
      // The next rotation is due after the grace.
      test.clock.advance(10);
    }
  });
});
