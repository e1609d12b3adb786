import { Injectable } from '@nestjs/common';
import { InjectRepository } from '@nestjs/typeorm';
import { UserProvider, type LoginCredentials } from 'jwto';
import { Repository } from 'typeorm';
import { PasswordHasher } from './password-hasher.js';
import { User } from './user.entity.js';

/** Tells jwto who the users are: the one class that an application must write. */
@Injectable()
export class UsersService extends UserProvider<User> {
  constructor(
    @InjectRepository(User) private readonly users: Repository<User>,
    private readonly passwords: PasswordHasher,
  ) {
    super();
  }

  /** An inactive user is returned too: jwto refuses it, in the words and the time of a wrong password. */
  override async authenticate({ username, password }: LoginCredentials): Promise<User | null> {
    const user = await this.named(username);
    return (await this.passwords.verify(user?.passwordHash, password)) ? user : null;
  }

  override findById(id: string): Promise<User | null> {
    return this.users.findOneBy({ id: Number(id) });
  }

  private async named(username: string): Promise<User | null> {
    const user = await this.users.findOneBy({ username });
    // MariaDB takes "Alice " for "alice".
    return user?.username === username ? user : null;
  }
}
