// Rows for our tables, without signing anybody in.
import { openDatabase } from './jwto-app.mjs';

/** Revoked; their access tokens ended longer ago than a copy in memory holds on to them. Milliseconds from now. */
export const ENDED = { revokedAt: -3_600_000, until: -1_800_000, expires: 20 * 86_400_000 };
/** Revoked a moment ago, with an access token that could still be presented. */
export const PRESENTABLE = { revokedAt: -1000, until: 3_000_000, expires: 86_400_000 };

const BATCH = 50_000;
const SESSION = 'jwto_session';
const BLOCKLIST = 'jwto_blocklist';

/** Fills tables of a SQLite file with revocations. */
export async function fill(options, count, { revokedAt, until, expires }, tables = [SESSION, BLOCKLIST]) {
  const dataSource = await openDatabase(options);
  const now = Date.now();
  const [revoked, ends, expiry] = [now + revokedAt, now + until, now + expires];
  const id = 'lower(hex(randomblob(11)))';
  const statements = {
    [SESSION]:
      `INSERT INTO jwto_session (sid, realm, user_id, mode, current_jti, current_iat, generation, signed_in_at, last_used_at,` +
      ` expires_at, refresh_lifetime, ends_at, access_until, revoked_at, revoked_reason)` +
      ` SELECT ${id}, 'default', i % 50000, 'JSON', ${id} || '.0', 0, 0, 0, 0, ${expiry}, 86400000, ${expiry}, ${ends}, ${revoked}, 'logout' FROM n`,
    [BLOCKLIST]:
      `INSERT INTO jwto_blocklist (realm, kind, value, revoked_at, expires_at, reason)` +
      ` SELECT 'default', 'token', ${id}, ${revoked}, ${ends}, 'revoked' FROM n`,
  };
  await dataSource.query('PRAGMA synchronous = OFF');
  for (let done = 0; done < count; done += BATCH) {
    const last = Math.min(BATCH, count - done);
    const numbers = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${last})`;
    for (const table of tables) await dataSource.query(`${numbers} ${statements[table]}`);
  }
  await dataSource.destroy();
}
