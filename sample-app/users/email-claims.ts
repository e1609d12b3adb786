import { Injectable } from '@nestjs/common';
import { ClaimsProvider } from 'jwto';
import type { User } from './user.entity.js';

/** Adds the user's address to the tokens, as djwto's documentation does in its example of a customisation. */
@Injectable()
export class EmailClaims extends ClaimsProvider<User> {
  override claims({ email }: User): Record<string, unknown> {
    return { user: { email } };
  }
}
