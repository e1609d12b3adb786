import { randomBytes } from 'node:crypto';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { hash, verify } from '@node-rs/argon2';
import pLimit from 'p-limit';

/** Argon2id, which is the package's default, with OWASP's parameters. */
const COST = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };

/** Hashes run on Node's four worker threads; two are left for files and name look-ups while many sign in. */
const AT_ONCE = 2;

/** Hashes passwords, off the event loop. */
@Injectable()
export class PasswordHasher implements OnModuleInit {
  private readonly limit = pLimit(AT_ONCE);
  private decoy = '';

  async onModuleInit(): Promise<void> {
    this.decoy = await this.hash(randomBytes(16).toString('hex'));
  }

  hash(password: string): Promise<string> {
    return this.limit(() => hash(password, COST));
  }

  /**
   * @param expected - the user's hash, or `undefined` for nobody's: the answer is `false` then, after the same work, so
   * that the time does not tell which usernames there are
   */
  async verify(expected: string | undefined, password: string): Promise<boolean> {
    const matches = await this.limit(() => verify(expected ?? this.decoy, password));
    return matches && expected !== undefined;
  }
}
