import type { SignInUser } from 'jwto';
import { Column, Entity, PrimaryColumn } from 'typeorm';

/** A user of the sample. jwto owns no user table; it takes any row that has what {@link SignInUser} asks for. */
@Entity('sample_user')
export class User implements SignInUser {
  @PrimaryColumn({ type: 'integer' })
  id!: number;

  @Column({ type: 'varchar', length: 150, unique: true })
  username!: string;

  @Column({ type: 'varchar', length: 254 })
  email!: string;

  @Column({ type: 'varchar', length: 255, name: 'password_hash' })
  passwordHash!: string;

  @Column({ type: 'simple-json' })
  perms!: string[];

  @Column({ type: 'boolean', name: 'is_active' })
  isActive!: boolean;

  /** A new password has a new hash, which ends the sessions that the old one began. */
  get stamp(): string {
    return this.passwordHash;
  }
}
