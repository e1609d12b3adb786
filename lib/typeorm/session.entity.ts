import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { Mode } from '../options/jwto-options.js';
import type { Session } from '../store/session.js';
import { milliseconds } from './columns.js';

/** The table of sessions, one row a sign-in; see {@link Session}. */
@Entity('jwto_session')
@Index(['userId', 'realm'])
@Index(['realm', 'expiresAt'])
// What the replica asks by: in pages where it reads everything, and at each poll for the latest. Where the database knows
// partial indices the second one has no part of a session that lives, and costs a refresh nothing.
@Index(['realm', 'accessUntil', 'revokedAt', 'sid'])
@Index(['realm', 'revokedAt', 'sid'], { where: 'revoked_at IS NOT NULL' })
export class JwtoSession implements Session {
  /** 128 random bits, base64url; never from outside. */
  @PrimaryColumn({ type: 'varchar', length: 191 })
  sid!: string;

  /** The module instance. */
  @Column({ type: 'varchar', length: 191 })
  realm!: string;

  @Column({ type: 'varchar', length: 191, name: 'user_id' })
  userId!: string;

  /** How its tokens travel. */
  @Column({ type: 'varchar', length: 16 })
  mode!: Mode;

  /** SHA-256 of what changes with the password. */
  @Column({ type: 'varchar', length: 64, nullable: true })
  stamp!: string | null;

  /** SHA-256 of whom the key of its access tokens speaks for; `null` for a key of the ring. */
  @Column({ type: 'varchar', length: 64, name: 'key_realm', nullable: true })
  keyRealm!: string | null;

  /** The refresh token that is accepted. */
  @Column({ type: 'varchar', length: 191, name: 'current_jti' })
  currentJti!: string;

  /** Its `iat`. */
  @Column({ ...milliseconds, name: 'current_iat' })
  currentIat!: number;

  /** The refresh token that it replaced. */
  @Column({ type: 'varchar', length: 191, name: 'previous_jti', nullable: true })
  previousJti!: string | null;

  @Column({ ...milliseconds, name: 'rotated_at', nullable: true })
  rotatedAt!: number | null;

  /** How often it rotated. */
  @Column({ type: 'integer' })
  generation!: number;

  @Column({ ...milliseconds, name: 'signed_in_at' })
  signedInAt!: number;

  @Column({ ...milliseconds, name: 'last_used_at' })
  lastUsedAt!: number;

  /** When its refresh token expires. */
  @Column({ ...milliseconds, name: 'expires_at' })
  expiresAt!: number;

  /** How far `update_refresh` moves that, in milliseconds. */
  @Column({ ...milliseconds, name: 'refresh_lifetime' })
  refreshLifetime!: number;

  /** Its absolute end. */
  @Column({ ...milliseconds, name: 'ends_at' })
  endsAt!: number;

  /** The latest `exp` of any access token given out, by whichever process. */
  @Column({ ...milliseconds, name: 'access_until' })
  accessUntil!: number;

  @Column({ ...milliseconds, name: 'revoked_at', nullable: true })
  revokedAt!: number | null;

  @Column({ type: 'varchar', length: 64, name: 'revoked_reason', nullable: true })
  revokedReason!: string | null;

  @Column({ type: 'varchar', length: 256, name: 'user_agent', nullable: true })
  userAgent!: string | null;

  @Column({ type: 'varchar', length: 64, nullable: true })
  ip!: string | null;
}
