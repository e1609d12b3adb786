import { format, resolveConfig } from 'prettier';
import { expect, it } from 'vitest';
import { endingCodes } from '../../scripts/made/ending-codes.js';
import { endpointsPage } from '../../scripts/made/endpoints-page.js';
import { settingsPage } from '../../scripts/made/settings-page.js';

/** `npm run docs` runs this file with `--update`, which writes what is made. */
it.each([
  ['docs/settings.md', settingsPage],
  ['docs/endpoints.md', endpointsPage],
  ['lib/client/ending-codes.ts', endingCodes],
])('%s is what the tables and docstrings make', async (file, make) => {
  const text = await format(make(), { ...(await resolveConfig(file)), filepath: file });
  await expect(text).toMatchFileSnapshot(`../../${file}`);
});
