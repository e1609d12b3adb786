import { Injectable, type OnModuleInit } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { Repository } from 'typeorm';
import { PasswordHasher } from './password-hasher.js';
import { User } from './user.entity.js';

const SEED = [
  { id: 1, username: 'alice', password: 'pass', perms: [], isActive: true },
  { id: 2, username: 'bob', password: 'pass', perms: ['perm1'], isActive: true },
  { id: 3, username: 'admin', password: 'abc123', perms: ['perm1', 'perm2'], isActive: true },
  { id: 4, username: 'carol', password: 'pass', perms: [], isActive: false },
];

/** Puts the sample's users into an empty table, and leaves any other as it is. */
@Injectable()
export class UserSeed implements OnModuleInit {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly passwords: PasswordHasher,
  ) {}

  async onModuleInit(): Promise<void> {
    if (await this.users.exists()) return;
    const rows = await Promise.all(
      SEED.map(async ({ password, ...user }) => ({
        ...user,
        email: `${user.username}@djwto.com`,
        passwordHash: await this.passwords.hash(password),
      })),
    );
    // Another process may have found the table empty too; the first of the two wins, row by row.
    await this.users.createQueryBuilder().insert().values(rows).orIgnore().execute();
  }
}
