import { Controller, Get } from '@nestjs/common';
import { JwtLoginRequired } from 'jwto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ADAPTERS } from '../support/adapters.js';
import { Browser, OWN_ORIGIN } from '../support/browser.js';
import { startApp, type TestApp } from '../support/test-app.js';

@Controller('socket')
@JwtLoginRequired()
class SocketController {
  @Get()
  open(): string {
    return 'opened';
  }
}

/** What opens a WebSocket (RFC 6455 §4.1); `connection: upgrade` is left out, so that Node hands it to the route. */
const UPGRADE = { upgrade: 'websocket', 'x-csrftoken': null };
const TRUSTED = 'https://front.example.net';

describe.each(ADAPTERS)('a request that opens a WebSocket by cookie on %s', (_name, adapter) => {
  let test: TestApp;
  let browser: Browser;
  beforeAll(async () => {
    test = await startApp({
      adapter,
      options: { mode: 'TWO-COOKIES', trustedOrigins: [TRUSTED] },
      metadata: { controllers: [SocketController] },
    });
    browser = await Browser.signIn(test);
  });
  afterAll(() => test.close());

  const open = async (headers: Record<string, string | null>): Promise<unknown> => {
    const { status, json } = await browser.send('GET /socket', { headers: { ...UPGRADE, ...headers } });
    return json.code ?? status;
  };

  it.each([
    ['the own origin', { origin: OWN_ORIGIN }],
    ['the own origin, as browsers send it', { origin: OWN_ORIGIN, 'sec-fetch-site': 'same-origin' }],
    ['a trusted origin', { origin: TRUSTED, 'sec-fetch-site': 'cross-site' }],
  ])('is let in from %s without a CSRF token', async (_what, headers) => {
    expect(await open(headers)).toBe(200);
  });

  it.each([
    ['a foreign origin', { origin: 'https://evil.example' }],
    ['a foreign origin in capitals', { origin: 'https://evil.example', upgrade: 'WebSocket' }],
    ['a foreign origin, with a version', { origin: 'https://evil.example', upgrade: 'h2c, websocket/13' }],
    ['an opaque origin', { origin: 'null' }],
    ['no origin at all', { origin: null }],
    ['another host of this site', { 'sec-fetch-site': 'same-site', origin: 'https://other.example.com' }],
    ['another site, which says so alone', { 'sec-fetch-site': 'cross-site', origin: null }],
  ])('is refused from %s', async (_what, headers) => {
    test.takeEvents();
    expect(await open(headers)).toBe('csrf_origin');
    expect(test.takeEvents()).toEqual(['jwto.csrf_failed']);
  });

  it('of another protocol is a plain GET', async () => {
    expect(await open({ origin: 'https://evil.example', upgrade: 'h2c' })).toBe(200);
  });

  it('by a method that changes something needs the CSRF token all the same', async () => {
    const { json } = await browser.send('POST /testapp/protect', { headers: UPGRADE });
    expect(json.code).toBe('csrf_missing');
  });
});
