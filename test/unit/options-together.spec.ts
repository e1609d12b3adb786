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

  it('are right where they only look alike', async () => {
    const paths = { endpoints: { validateAccess: 'a', validateRefresh: 'a' } };
    expect(await wrongSettings(paths)).toEqual([]);
    expect(await wrongSettings({ secureCookies: true, sameSite: 'None', cookiePrefix: 'host' })).toEqual([]);
    expect(await wrongSettings({ nbfLifetime: '4m' })).toEqual([]);
    expect(await wrongSettings({ pollInterval: 20, maxStaleness: 20 })).toEqual([]);
  });
});
