import { Logger } from '@nestjs/common';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { refusalOf, wrongSettings } from '../support/startup.js';

describe('settings that are wrong together', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });

  it.each([
    ['secureCookies', /sameSite None needs Secure/, { secureCookies: false, sameSite: 'None' }],
    ['secureCookies', /cookiePrefix/, { secureCookies: false, cookiePrefix: 'host' }],
    ['domain', /__Host-/, { cookiePrefix: 'host', domain: 'example.com' }],
    ['csrf', /None/, { csrf: false, sameSite: 'None' }],
    ['nbfLifetime', /accessTokenLifetime/, { nbfLifetime: '5m' }],
    ['nbfLifetime', /accessTokenLifetime/, { nbfLifetime: 60, accessTokenLifetime: '1m' }],
    ['maxStaleness', /pollInterval/, { pollInterval: 20 }],
    ['maxStaleness', /pollInterval/, { pollInterval: '3s', maxStaleness: '2s' }],
    ['endpoints', /path of its own/, { endpoints: { login: 'sessions' } }],
    ['endpoints', /path of its own/, { endpoints: { login: 'csrf', csrf: 'csrf' }, mode: 'ONE-COOKIE' }],
    ['endpoints', /path of its own/, { endpoints: { login: 'a', validateAccess: '/a/' } }],
    ['endpoints', /path of its own/, { endpoints: { login: 'api/token/refresh/logout' } }],
    ['endpoints', /path of its own/, { endpoints: { login: 'sessions/revoke' } }],
    ['endpoints', /path of its own/, { endpoints: { login: 'Sessions/Revoke_Others' } }],
    ['endpoints', /path of its own/, { endpoints: { login: 'a', validateAccess: 'A' } }],
    ['accessTokenLifetime', /refreshTokenLifetime/, { accessTokenLifetime: '2d' }],
    ['accessTokenLifetime', /refreshTokenLifetime/, { accessTokenLifetime: 61, refreshTokenLifetime: '1m' }],
    ['refreshPath', /refreshCookiePath/, { refreshPath: 'token/refresh' }],
    ['refreshPath', /refreshCookiePath/, { refreshCookiePath: 'a/b', refreshPath: 'a/bc' }],
  ])('stop the start, naming %s and why (%s)', async (setting, accepts, options) => {
    const { problems } = await refusalOf(options);
    expect(problems).toEqual([{ setting, got: expect.any(String), accepts: expect.stringMatching(accepts) }]);
  });

  it('stop the start for cookies that are not Secure in production', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const { problems } = await refusalOf({ secureCookies: false });
    expect(problems).toEqual([
      { setting: 'secureCookies', got: 'false', accepts: expect.stringContaining('production') },
    ]);
    expect(await wrongSettings({ secureCookies: true })).toEqual([]);
  });

  it('are warned of, where secureCookies is false in development', async () => {
    const warn = vi.spyOn(Logger.prototype, 'warn').mockReturnValue();
    expect(await wrongSettings({ secureCookies: false })).toEqual([]);
    expect(warn.mock.calls.flat().join('\n')).toMatch(/secureCookies is false/);
    warn.mockClear();
    await wrongSettings({ secureCookies: true });
    expect(warn).not.toHaveBeenCalled();
  });

  it('are named all at once', async () => {
    vi.stubEnv('NODE_ENV', 'production');
    const { message } = await refusalOf({
      secureCookies: false,
      sameSite: 'None',
      cookiePrefix: 'host',
      domain: 'a.com',
    });
    for (const part of ['sameSite None', 'cookiePrefix "host"', 'production', '__Host-'])
      expect(message).toContain(part);
  });

  const SHORT = 'a-secret-that-is-too-short';
  it.each<[string[], object]>([
    [['mode', 'signingKey'], { mode: 'X', signingKey: SHORT }],
    [['csrfSecret', 'signingKey'], { csrfSecret: 'x', signingKey: SHORT }],
    [['leeway', 'domain'], { leeway: 61, domain: 'x.com', cookiePrefix: 'host' }],
    [['leeway', 'secureCookies'], { leeway: 61, secureCookies: false, sameSite: 'None' }],
    [['signingKey', 'users'], { signingKey: SHORT, users: undefined }],
    [['sameSite', 'nbfLifetime', 'users'], { sameSite: 'none', nbfLifetime: '5m', users: undefined }],
  ])('are named beside those that are wrong by themselves: %j', async (settings, options) => {
    expect((await wrongSettings(options)).sort()).toEqual(settings.sort());
  });

  it.each<[string[], object]>([
    [['maxStaleness'], { maxStaleness: 'soon', pollInterval: '30s' }],
    [['pollInterval'], { pollInterval: 'soon', maxStaleness: '1s' }],
    [['accessTokenLifetime'], { accessTokenLifetime: 'soon', nbfLifetime: '5m' }],
    [['aud'], { aud: 7, strictAudience: true }],
    [['acceptedAudiences'], { acceptedAudiences: 7, strictAudience: true, aud: 'a' }],
    [['keys'], { keys: 7, keyPollInterval: '1m', signingKey: undefined }],
    [['cookiePrefix'], { cookiePrefix: 'x', domain: 'x.com' }],
    [
      ['mode'],
      { mode: 'X', issuers: [{ issuer: 'https://a.example', audience: 'us', jwksUri: 'https://a.example/j' }] },
    ],
  ])('are not guessed at where one of them is wrong by itself: %j', async (settings, options) => {
    expect(await wrongSettings(options)).toEqual(settings);
  });

  it('are right where they only look alike', async () => {
    const paths = { endpoints: { validateAccess: 'a', validateRefresh: 'a' } };
    expect(await wrongSettings(paths)).toEqual([]);
    expect(await wrongSettings({ secureCookies: true, sameSite: 'None', cookiePrefix: 'host' })).toEqual([]);
    expect(await wrongSettings({ nbfLifetime: '4m' })).toEqual([]);
    expect(await wrongSettings({ pollInterval: 20, maxStaleness: 20 })).toEqual([]);
  });
});
