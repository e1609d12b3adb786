// Takes the pictures of the sample's page for the documentation: npm run screenshots, with TEST_CHROMIUM set.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright-core';

const executablePath = process.env.TEST_CHROMIUM;
if (!executablePath) throw new Error('TEST_CHROMIUM must name the browser’s executable');

const folder = join(import.meta.dirname, '../docs/images');
const data = mkdtempSync(join(tmpdir(), 'jwto-screenshots-'));
const sample = spawn(process.execPath, ['sample-app/dist/main.js'], {
  env: { ...process.env, PORT: '0', SAMPLE_DATA_DIR: data, JWTO_MODE: 'JSON,ONE-COOKIE,TWO-COOKIES' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });

try {
  const url = await new Promise((resolve, reject) => {
    sample.once('exit', reject);
    sample.stdout.on('data', (text) => {
      const [, found] = /listening on (\S+)/.exec(String(text)) ?? [];
      if (found) resolve(found);
    });
  });
  mkdirSync(folder, { recursive: true });

  const signedOut = await open(url);
  await signIn(signedOut, 'alice', 'TWO-COOKIES', 'wrong');
  await signIn(signedOut, 'carol', 'TWO-COOKIES');
  await signedOut.reload();
  await signedOut.locator('html[data-ready]').waitFor();
  await signedOut.locator('.event').nth(1).waitFor();
  await save(signedOut, 'page-signed-out');

  const elsewhere = await open(url);
  await signIn(elsewhere, 'admin', 'TWO-COOKIES');
  const signedIn = await open(url);
  await signIn(signedIn, 'admin', 'TWO-COOKIES');
  await signedIn.getByRole('button', { name: 'POST /testapp/protect/' }).click();
  await signedIn.locator('#call-result .exchange').waitFor();
  await rest(signedIn);
  await save(signedIn, 'page-signed-in');

  const failing = await open(url);
  await signIn(failing, 'bob', 'ONE-COOKIE');
  await failing.getByRole('button', { name: 'Revoked session' }).click();
  await failing.locator('#experiment-result .exchange').nth(2).waitFor();
  await failing.getByRole('heading', { name: 'Provoke a refusal' }).evaluate((title) => {
    title.parentElement.scrollIntoView({ block: 'start' });
  });
  await rest(failing);
  await save(failing, 'page-error');

  const dark = await open(url, 'dark');
  await signIn(dark, 'admin', 'TWO-COOKIES');
  await dark.getByRole('button', { name: 'GET /testapp/perms_protect/' }).click();
  await dark.getByText('Claims of the access token').first().click();
  await dark.locator('#call-result .exchange').waitFor();
  await rest(dark);
  await save(dark, 'page-dark');
} finally {
  await browser.close();
  sample.kill();
  rmSync(data, { recursive: true, force: true });
}

async function open(url, colorScheme = 'light') {
  const context = await browser.newContext({
    ignoreHTTPSErrors: true,
    viewport: { width: 1280, height: 800 },
    colorScheme,
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  await page.goto(url);
  await page.locator('html[data-ready]').waitFor();
  return page;
}

async function signIn(page, user, mode, password) {
  await page.locator(`[data-user=${user}]`).click();
  if (password) await page.getByLabel('Password').fill(password);
  await page.getByLabel(mode, { exact: true }).check();
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  await page.locator('#sessions-list li, #sign-in-error:not([hidden])').first().waitFor();
}

/** Nothing has the focus, and the pointer is nowhere. */
async function rest(page) {
  await page.locator(':focus').blur();
  await page.mouse.move(0, 0);
}

/** As WebP, a third of what a PNG takes: the pictures are in the package. */
async function save(page, name) {
  const session = await page.context().newCDPSession(page);
  const { data } = await session.send('Page.captureScreenshot', { format: 'webp', quality: 80 });
  writeFileSync(join(folder, `${name}.webp`), data, 'base64');
}
