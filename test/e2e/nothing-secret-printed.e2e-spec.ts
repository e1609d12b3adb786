import { inspect } from 'node:util';
import { getJwtServiceToken, JwtoEvents, JwtoGuard, TokenService, TokenTransport } from 'jwto';
import { ModuleRef } from '@nestjs/core';
import { expect, it } from 'vitest';
import { SIGNING_KEY, startApp } from '../support/test-app.js';

const CSRF_SECRET = 'a-csrf-secret-of-32-bytes-or-more';

it('what an application injects prints no secret, however deep', async () => {
  const test = await startApp({ options: { mode: ['TWO-COOKIES', 'JSON'], csrfSecret: CSRF_SECRET } });
  const { app } = test;
  const client = test.client();
  await client.login();
  await client.get('/testapp/protect');
  const guard = new JwtoGuard(app.get(ModuleRef));
  for (const service of [
    app.get(TokenService),
    app.get(TokenTransport),
    app.get<object>(getJwtServiceToken()),
    app.get(JwtoEvents),
    guard,
  ]) {
    const shown = inspect(service, { depth: null, showHidden: true, getters: true, maxStringLength: null });
    for (const secret of [SIGNING_KEY, CSRF_SECRET]) {
      expect(shown).not.toContain(secret);
      // The first bytes of a Buffer, as inspect shows them.
      expect(shown).not.toContain(Buffer.from(secret).toString('hex').match(/../g)?.slice(0, 8).join(' '));
    }
  }
  expect(JSON.stringify([app.get(TokenService), app.get(TokenTransport)])).toBe('[{},{}]');
  await test.close();
});
