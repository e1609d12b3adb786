import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { refusalOf, wrongSettings } from '../support/startup.js';

const ISSUER = { issuer: 'https://a.example', audience: 'us', jwksUri: 'https://a.example/jwks' };

describe('settings of tokens that are wrong together', () => {
  afterEach(() => vi.restoreAllMocks());

  it.each<[string, RegExp, object]>([
    ['strictAudience', /exactly one/, { strictAudience: true }],
    ['strictAudience', /exactly one/, { strictAudience: true, aud: ['a', 'b'] }],
    ['strictAudience', /exactly one/, { strictAudience: true, aud: ['a'] }],
    ['strictAudience', /exactly one/, { strictAudience: true, aud: 'a', acceptedAudiences: ['b'] }],
    ['iss', /acceptedIssuers/, { acceptedIssuers: ['a'] }],
    ['aud', /acceptedAudiences/, { acceptedAudiences: ['a'] }],
    ['issuers', /each issuer once/, { issuers: [ISSUER, { ...ISSUER, audience: 'b' }] }],
    ['issuers', /our own/, { issuers: [ISSUER], iss: ISSUER.issuer }],
    ['issuers', /our own/, { issuers: [ISSUER], iss: 'us', acceptedIssuers: [ISSUER.issuer] }],
    ['issuers', /JSON/, { issuers: [ISSUER], mode: 'TWO-COOKIES' }],
    ['issuers', /JSON/, { issuers: [ISSUER], mode: ['ONE-COOKIE', 'TWO-COOKIES'] }],
    ['endpoints', /path of its own/, { endpoints: { login: '.well-known/jwks.json' } }],
  ])('stop the start, naming %s and why (%s)', async (setting, accepts, options) => {
    const { problems } = await refusalOf(options);
    expect(problems).toEqual([{ setting, got: expect.any(String), accepts: expect.stringMatching(accepts) }]);
  });

  it('are right where they only look alike', async () => {
    const right = [
      { strictAudience: true, aud: 'a' },
      { strictAudience: false, aud: ['a', 'b'] },
      { acceptedIssuers: ['a'], checks: { iss: false } },
      { acceptedIssuers: ['a'], iss: 'b' },
      { issuers: [ISSUER, { ...ISSUER, issuer: 'https://A.example' }], iss: 'https://a.example/' },
      { issuers: [ISSUER], mode: ['TWO-COOKIES', 'JSON'] },
      { endpoints: { login: '.well-known/jwks.json', jwks: false } },
    ];
    for (const options of right) expect(await wrongSettings(options), JSON.stringify(options)).toEqual([]);
  });

  it('are warned of where tokens never end', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    expect(await wrongSettings({ checks: { nbf: false, iat: false, jti: false, sub: false } })).toEqual([]);
    expect(warn).not.toHaveBeenCalled();
    expect(await wrongSettings({ checks: { exp: false } })).toEqual([]);
    expect(warn.mock.calls.flat().join()).toContain('checks.exp');
  });
});
