import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { buildSample } from './build-sample.js';
import { startSample, type RunningSample } from './sample-process.js';

/** A Python that has `requests`. */
const PYTHON = process.env['TEST_PYTHON'] ?? '';

const TRANSCRIPTS = [
  ['JSON', 'json_mode.py'],
  ['ONE-COOKIE', 'one_cookie.py'],
  ['TWO-COOKIES', 'two_cookies.py'],
] as const;

/** Plays a transcript against a sample, and throws what Python says of the first line that differs. */
async function play(script: string, { url, certFile }: RunningSample): Promise<void> {
  const file = join(import.meta.dirname, 'transcripts', script);
  const env = { SAMPLE_URL: url, REQUESTS_CA_BUNDLE: certFile, PYTHONDONTWRITEBYTECODE: '1' };
  try {
    await promisify(execFile)(PYTHON, [file], { env });
  } catch (error) {
    throw new Error(`${script}: ${(error as { stderr: string }).stderr}`, { cause: error });
  }
}

describe.runIf(PYTHON !== '').each(['express', 'fastify'])(
  'the transcripts of djwto’s documentation, on %s',
  (ADAPTER) => {
    let sample: RunningSample | undefined;

    beforeAll(buildSample, 180_000);

    afterEach(async () => {
      await sample?.stop();
      sample = undefined;
    });

    it.each(TRANSCRIPTS)('mode %s', async (JWTO_MODE, script) => {
      sample = await startSample({
        ADAPTER,
        JWTO_MODE,
        JWTO_ISS_CLAIM: 'iss',
        JWTO_SUB_CLAIM: 'sub',
        JWTO_AUD_CLAIM: 'aud',
        // What the documentation's example has: exp 1624259339, iat 1624229339.
        JWTO_ACCESS_TOKEN_LIFETIME: '30000',
      });
      await play(script, sample);
      expect(sample.stderr()).toBe('');
      for (const name of ['logged_in', 'token_validated', 'access_refreshed', 'refresh_updated', 'blacklisted']) {
        expect(await sample.events(`jwto.${name}`)).not.toHaveLength(0);
      }
    });
  },
);
