import { JwtoSession } from 'jwto';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { gate } from '../support/two-apps.js';
import { startApp, type TestApp } from '../support/test-app.js';

let test: TestApp;
beforeEach(async () => {
  test = await startApp();
});
afterEach(() => test.close());

it('an update_refresh during a slow refresh_access inside the grace keeps the expiry that it moved', async () => {
  const { refresh, sid } = await test.tokens.issue(test.users.named('bob'));
  const successor = await test.tokens.refresh(refresh);
  test.clock.advance(5);
  const { promise, open } = gate();
  const findById = test.users.findById.bind(test.users);
  const looking = vi.spyOn(test.users, 'findById').mockImplementationOnce((async (id: string) => {
    await promise;
    return findById(id);
  }) as never);
  const slow = test.tokens.refresh(successor.refresh);
  await vi.waitFor(() => {
    expect(looking).toHaveBeenCalled();
  });
  const updated = await test.tokens.updateRefresh(successor.refresh);
  open();
  await slow;
  expect(updated.refreshClaims.exp).toBe(successor.refreshClaims.exp + 5);
  const row = await test.dataSource.getRepository(JwtoSession).findOneByOrFail({ sid });
  expect(row.expiresAt).toBe(updated.refreshClaims.exp * 1000);
});
