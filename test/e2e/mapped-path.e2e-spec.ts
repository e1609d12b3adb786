import { Logger, VersioningType, type INestApplication } from '@nestjs/common';
import type { JwtoModuleOptions } from 'jwto';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { startApp } from '../support/test-app.js';

describe.each(ADAPTERS)('the start tells where the refresh endpoints are, on %s', (_name, adapter) => {
  afterEach(() => vi.restoreAllMocks());

  /** What jwto logs while an application starts. */
  async function told(setUp: (app: INestApplication) => void, options: Partial<JwtoModuleOptions> = {}) {
    const log = vi.spyOn(Logger.prototype, 'log').mockReturnValue();
    const test = await startApp({ adapter, options: { mode: 'TWO-COOKIES', ...options }, setUp });
    await test.close();
    const texts = log.mock.calls.map(([text]) => String(text));
    log.mockRestore();
    return texts.filter((text) => text.startsWith('The refresh endpoints'));
  }

  it('where a global prefix doubles the first segment, with what to do', async () => {
    expect(await told((app) => app.setGlobalPrefix('api'))).toEqual([
      'The refresh endpoints are at /api/api/token/refresh/: the application puts "/api" before refreshPath. ' +
        'If "api" is not meant to be there twice, set refreshCookiePath: "token/refresh".',
    ]);
  });

  it('where a prefix, a version or both stand before refreshPath', async () => {
    expect(await told((app) => app.setGlobalPrefix('backend/v1'))).toEqual([
      'The refresh endpoints are at /backend/v1/api/token/refresh/: the application puts "/backend/v1" before refreshPath.',
    ]);
    const versions = await told((app) => app.setGlobalPrefix('x').enableVersioning({ type: VersioningType.URI }), {
      version: ['1', '2'],
      mode: 'JSON',
      refreshPath: 'auth',
      refreshCookiePath: 'auth',
    });
    expect(versions).toEqual([
      'The refresh endpoints are at /x/v1/auth/ and /x/v2/auth/: the application puts "/x/v1" and "/x/v2" before refreshPath.',
    ]);
  });

  it('and nothing where they are where the settings say', async () => {
    expect(await told(() => undefined)).toEqual([]);
    expect(await told((app) => app.setGlobalPrefix('api', { exclude: ['api/token/refresh/*path'] }))).toEqual([]);
    const off = { validateRefresh: false, refreshAccess: false, updateRefresh: false, logout: false };
    expect(await told((app) => app.setGlobalPrefix('api'), { endpoints: off })).toEqual([]);
  });
});
