import { Injectable } from '@nestjs/common';
import { PassportStrategy } from '@nestjs/passport';
import { Strategy } from 'passport';

/** A strategy of the application, by the name `key`, which lets in whoever sends `x-api-key: k1`. */
@Injectable()
export class KeyStrategy extends PassportStrategy(Strategy, 'key') {
  /** How often it was asked. */
  static asked = 0;
  override authenticate({ headers }: { headers: Record<string, unknown> }): void {
    KeyStrategy.asked += 1;
    if (headers['x-api-key'] === 'k1') this.success({ id: 7, username: 'machine' });
    else this.fail('Key realm="api"', 401);
  }

  validate(): never {
    throw new Error('not called');
  }
}
