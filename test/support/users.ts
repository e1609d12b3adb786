import { Injectable } from '@nestjs/common';
import { UserProvider, type LoginCredentials, type SignInUser } from 'jwto';

/** A user of the tests. */
export interface TestUser extends SignInUser {
  password: string;
  email: string;
}

/** The four users of the sample app, in memory; tests change them as they need. */
@Injectable()
export class TestUsers extends UserProvider<TestUser> {
  readonly rows: TestUser[] = [
    { id: 1, username: 'alice', password: 'pass', email: 'alice@djwto.com', perms: [] },
    { id: 2, username: 'bob', password: 'pass', email: 'bob@djwto.com', perms: ['perm1'] },
    { id: 3, username: 'admin', password: 'abc123', email: 'admin@djwto.com', perms: ['perm1', 'perm2'] },
    { id: 4, username: 'carol', password: 'pass', email: 'carol@djwto.com', perms: [], isActive: false },
  ];
  /** Every username that `authenticate` was asked for. */
  readonly asked: string[] = [];
  /** Thrown by both methods while set. */
  failure: Error | undefined;

  override authenticate({ username, password }: LoginCredentials): TestUser | null {
    this.asked.push(username);
    if (this.failure) throw this.failure;
    return this.rows.find((user) => user.username === username && user.password === password) ?? null;
  }

  override findById(id: string): TestUser | null {
    if (this.failure) throw this.failure;
    return this.rows.find((user) => String(user.id as number) === id) ?? null;
  }

  named(username: string): TestUser {
    const user = this.rows.find((row) => row.username === username);
    if (user === undefined) throw new Error(`no user ${username}`);
    return user;
  }
}
