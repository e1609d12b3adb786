import { afterEach, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { forge } from '../support/forge.js';
import { expectRefusal } from '../support/refusals.js';
import { TokenAttack } from '../support/token-attack.js';

const EXPIRED = 'Signature has expired';
const NOT_YET = 'The token is not yet valid (nbf)';

describe.each(ADAPTERS)('the times of a token on %s', (_name, adapter) => {
  let attack: TokenAttack;
  const start = async (options = {}): Promise<void> => {
    attack = await TokenAttack.start({ adapter, options });
  };
  const at = (seconds: unknown, plus = 0): void => {
    attack.test.clock.time = (seconds as number) * 1000 + plus;
  };
  afterEach(() => attack.test.close());

  it('an access token is good until a millisecond before exp, and expired exactly at it', async () => {
    await start();
    at(attack.claims['exp'], -1);
    await attack.expectGood(attack.access);
    at(attack.claims['exp']);
    await attack.expectRefused(attack.access, 'access', 'token_expired', EXPIRED);
  });

  it('a refresh token is good until a millisecond before exp, and expired exactly at it', async () => {
    await start();
    at(attack.refreshClaims['exp'], -1);
    await attack.expectGood(attack.refresh, 'refresh');
    at(attack.refreshClaims['exp']);
    await attack.expectRefused(attack.refresh, 'refresh', 'token_expired', EXPIRED);
  });

  it('the leeway moves the end by its seconds and not a millisecond more', async () => {
    await start({ leeway: '10s' });
    at(attack.claims['exp'], 9_999);
    await attack.expectGood(attack.access);
    at(attack.claims['exp'], 10_000);
    await attack.expectRefused(attack.access, 'access', 'token_expired', EXPIRED);
  });

  it('the leeway moves the end of a refresh token too', async () => {
    await start({ leeway: '10s' });
    at(attack.refreshClaims['exp'], 9_999);
    await attack.expectGood(attack.refresh, 'refresh');
    at(attack.refreshClaims['exp'], 10_000);
    await attack.expectRefused(attack.refresh, 'refresh', 'token_expired', EXPIRED);
  });

  it('a leeway that is text in the environment is a number of seconds', async () => {
    await start({ leeway: '10' });
    at(attack.claims['exp'], 10_000);
    await attack.expectRefused(attack.access, 'access', 'token_expired', EXPIRED);
  });

  it('a token with nbf is good exactly from nbf on', async () => {
    await start({ nbfLifetime: '30s' });
    await attack.expectRefused(attack.access, 'access', 'token_not_yet_valid', NOT_YET);
    await attack.expectRefused(attack.refresh, 'refresh', 'token_not_yet_valid', NOT_YET);
    at(attack.claims['nbf'], -1);
    await attack.expectRefused(attack.access, 'access', 'token_not_yet_valid', NOT_YET);
    at(attack.claims['nbf']);
    await attack.expectGood(attack.access);
    await attack.expectGood(attack.refresh, 'refresh');
  });

  it('the leeway moves nbf too', async () => {
    await start({ nbfLifetime: '30s', leeway: '10s' });
    at(attack.claims['nbf'], -10_001);
    await attack.expectRefused(attack.access, 'access', 'token_not_yet_valid', NOT_YET);
    at(attack.claims['nbf'], -10_000);
    await attack.expectGood(attack.access);
  });

  it('an iat may lie 60 seconds ahead and no more', async () => {
    await start();
    at(attack.claims['iat'], 0);
    const ahead = (seconds: number): string =>
      forge({ ...attack.claims, iat: (attack.claims['iat'] as number) + seconds });
    await attack.expectGood(ahead(60));
    await attack.expectRefused(ahead(61), 'access', 'token_not_yet_valid', NOT_YET);
  });

  it('fractions of a second are read as they are', async () => {
    await start();
    const exp = (attack.claims['exp'] as number) + 0.5;
    at(exp, -1);
    await attack.expectGood(forge({ ...attack.claims, exp }));
    at(exp);
    await attack.expectRefused(forge({ ...attack.claims, exp }), 'access', 'token_expired', EXPIRED);
  });

  it('the type is refused in both directions, and before the expiry', async () => {
    await start();
    await attack.expectRefused(attack.refresh, 'access', 'token_wrong_type');
    await attack.expectRefused(attack.access, 'refresh', 'token_wrong_type');
    at(attack.refreshClaims['exp']);
    await attack.expectRefused(attack.refresh, 'access', 'token_wrong_type');
    await attack.expectRefused(attack.access, 'refresh', 'token_wrong_type');
  });

  it('a bad signature says nothing of an expiry', async () => {
    await start();
    at(attack.claims['exp']);
    await attack.expectBad(forge(attack.claims, undefined, 'another-signing-key-of-32-bytes!'));
  });

  it('a login with credentials ignores an expired token', async () => {
    await start();
    at(attack.refreshClaims['exp']);
    const client = attack.test.client();
    client.bearer = attack.access;
    const answer = await client.login();
    expect(answer.status).toBe(200);
    client.bearer = attack.access;
    await expectRefusal(attack.test, () => client.send('/login/', { json: {} }), {
      status: 400,
      code: 'credentials_missing',
      events: ['jwto.login_failed'],
    });
  });
});
