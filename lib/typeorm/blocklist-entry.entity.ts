import { Column, Entity, Index, PrimaryColumn } from 'typeorm';
import type { RevocationKind } from '../store/revocation-store.js';
import { milliseconds } from './columns.js';

/** What an entry blocks; a `lease` blocks other processes from a chore until it expires. */
export type BlocklistKind = RevocationKind | 'lease';

/** What is revoked until it expires; never a token's text. */
@Entity('jwto_blocklist')
// The purge asks by it; the primary key would have it read everything.
@Index(['realm', 'expiresAt'])
// The replica does at each poll.
@Index(['realm', 'revokedAt'])
export class JwtoBlocklistEntry {
  /** The module instance. */
  @PrimaryColumn({ type: 'varchar', length: 191 })
  realm!: string;

  @PrimaryColumn({ type: 'varchar', length: 191 })
  kind!: BlocklistKind;

  /** A `jti`, a `sid`, a user's id, or `*`. */
  @PrimaryColumn({ type: 'varchar', length: 191 })
  value!: string;

  /** When; of a user and of everybody, sign-ins before it are revoked. */
  @Column({ ...milliseconds, name: 'revoked_at' })
  revokedAt!: number;

  /** When what it blocks has ended by itself. */
  @Column({ ...milliseconds, name: 'expires_at' })
  expiresAt!: number;

  @Column({ type: 'varchar', length: 64, nullable: true })
  reason!: string | null;
}
