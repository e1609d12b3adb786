import { jwtoOptionsFromEnv } from 'jwto';
import { describe, expect, it } from 'vitest';
import { refusalOf, wrongSettings } from '../support/startup.js';

const PROVIDER = { claims: { useValue: { claims: () => ({}) } } };

describe('requiredClaims that no token of ours would have', () => {
  it.each<[string, object]>([
    ['tenant', {}],
    ['constructor', {}],
    ['iss', PROVIDER],
    ['aud', PROVIDER],
    ['nbf', { ...PROVIDER, nbfLifetime: '0s' }],
    ['jti', { jti: false }],
    ['iat', { iat: false }],
    // Refresh tokens do not have it.
    ['refresh_iat', PROVIDER],
  ])('stop the start: %s', async (claim, options) => {
    const { problems } = await refusalOf({ ...options, requiredClaims: ['sub', claim] });
    expect(problems).toEqual([
      {
        setting: 'requiredClaims',
        got: expect.stringMatching(/place 2$/),
        accepts: expect.stringContaining('ClaimsProvider'),
      },
    ]);
  });

  it.each<[string, object]>([
    ['tenant', PROVIDER],
    ['iss', { iss: 'us' }],
    ['aud', { aud: ['us'] }],
    ['nbf', { nbfLifetime: 1 }],
    ...['sub', 'exp', 'iat', 'jti', 'sid', 'type', 'auth_time', 'user'].map((name): [string, object] => [name, {}]),
  ])('start where somebody writes them: %s', async (claim, options) => {
    expect(await wrongSettings({ ...options, requiredClaims: [claim] })).toEqual([]);
  });

  it('are another process’s where this one issues nothing', async () => {
    const verifying = { signingKey: undefined, keys: [{ algorithm: 'HS256', verifyingKey: 'v'.repeat(32) }] };
    expect(await wrongSettings({ ...verifying, requiredClaims: ['tenant'] })).toEqual([]);
  });

  it('are named by their variable, and told with what else is wrong', async () => {
    const settings = await wrongSettings({ ...jwtoOptionsFromEnv({ JWTO_REQUIRED_CLAIMS: 'tenant' }), leeway: 99 });
    expect(settings.sort()).toEqual(['leeway', 'requiredClaims (JWTO_REQUIRED_CLAIMS)']);
  });
});
